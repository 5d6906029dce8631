"""The background service: it keeps the schedule, and each run is a process of its own.

`service` is what holds it together; `schedule` says when a job is due, `config` what is in force, `one_run` starts a
run and listens to it, `outcome` puts into words how it ended, `notify` tells systemd.
"""
