"""An embedded WooCommerce-compatible store: for the demo, for trying a mapping, for tests."""

from syncengine.sandbox.app import Sandbox
from syncengine.sandbox.auth import Key
from syncengine.sandbox.faults import Fault
from syncengine.sandbox.messages import Dropped, LoggedRequest, Request, Response

__all__ = ["Dropped", "Fault", "Key", "LoggedRequest", "Request", "Response", "Sandbox"]
