"""Keeps the stack's processes alive: supervisord starts each, starts it again when it dies, and rotates its log."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any, cast
from xmlrpc.client import Fault, ServerProxy

import psutil
from supervisor.xmlrpc import SupervisorTransport

from local.places import Places, as_root

STACK_VARIABLE = "UNMOGROW_STACK"
"""In the environment of every process of a stack: by it, and by nothing else, is one known as ours."""

_RPC = "supervisor.rpcinterface:make_main_rpcinterface"
_STOP_SECONDS = 10
"""How long one program may take to end; they end one after the other."""

_ALL_STOP_SECONDS = 7 * _STOP_SECONDS
_LOG_BYTES = 20 * 1024 * 1024
_KILL_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Program:
    """One process to keep alive; `user` only if root is to give up its rights for it."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    user: str | None = None
    stop_signal: str = "TERM"
    stop_seconds: int = _STOP_SECONDS


class Supervisor:
    """Starts, asks and ends the supervisord of one stack."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._socket = places.run / "supervisor.sock"

    def start(self, programs: list[Program]) -> None:
        """Start supervisord and all programs at once; they will end one by one, the last first.

        Raises:
            RuntimeError: supervisord did not start; the message is what it said.
        """
        configuration = self._places.run / "supervisord.conf"
        configuration.write_text(self._configuration(programs), encoding="utf-8")
        configuration.chmod(0o600)
        started = subprocess.run(
            [str(Path(sys.executable).with_name("supervisord")), "-c", str(configuration)],
            env=os.environ | {STACK_VARIABLE: self._places.stack_id},
            capture_output=True,
            text=True,
            check=False,
        )
        if started.returncode:
            raise RuntimeError(f"supervisord did not start: {started.stdout}{started.stderr}")

    def states(self) -> dict[str, dict[str, Any]]:
        """Ask for each program's state (`statename`, `pid`, `start` and more); empty if supervisord does not run."""
        try:
            with self._remote() as remote:
                found = remote.getAllProcessInfo()
        except (OSError, Fault, HTTPException):
            return {}
        return {info["name"]: info for info in cast("list[dict[str, Any]]", found)}

    def start_program(self, name: str) -> None:
        """Start one program again."""
        with self._remote() as remote:
            remote.startProcess(name)

    def stop_program(self, name: str) -> None:
        """End one program, and leave it so."""
        with self._remote() as remote:
            remote.stopProcess(name)

    def stop(self) -> None:
        """End supervisord, which ends its programs; if it is gone already, what it has left behind."""
        end_processes(self.processes())

    def processes(self) -> list[psutil.Process]:
        """List the processes of this stack, by the mark in their environment or in an ancestor's.

        Some write their title over their environment: Postgres's servers and Ray's agents.
        """
        everyone = list(psutil.process_iter(["ppid"]))
        ours = {process.pid for process in everyone if self._is_marked(process)}
        while heirs := {process.pid for process in everyone if process.info["ppid"] in ours} - ours:
            ours |= heirs
        return [process for process in everyone if process.pid in ours]

    def _is_marked(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(STACK_VARIABLE) == self._places.stack_id
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            return False

    @contextmanager
    def _remote(self) -> Iterator[Any]:
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        try:
            yield ServerProxy("http://127.0.0.1", transport=transport).supervisor
        finally:
            transport.close()

    def _configuration(self, programs: list[Program]) -> str:
        run, logs = self._places.run, self._places.logs
        user = "user=root\n" if as_root() else ""
        sections = [
            f"[supervisord]\nlogfile={logs}/supervisord.log\npidfile={run}/supervisord.pid\ndirectory=/\n{user}",
            f"[unix_http_server]\nfile={self._socket}\nchmod=0700\n",
            f"[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory={_RPC}\n",
        ]
        return "\n".join(sections + [self._section(*numbered) for numbered in enumerate(programs)])

    def _section(self, priority: int, program: Program) -> str:
        settings = {
            "command": shlex.join(program.command),
            "environment": ",".join(f'{name}="{value}"' for name, value in program.environment.items()),
            "priority": priority,
            "user": program.user,
            "autorestart": "true",
            "startsecs": 1,
            "startretries": 1_000_000,
            "stopsignal": program.stop_signal,
            "stopwaitsecs": program.stop_seconds,
            "stopasgroup": "false" if program.stop_signal == "INT" else "true",
            "killasgroup": "true",
            "redirect_stderr": "true",
            "stdout_logfile": self._places.logs / f"{program.name}.log",
            "stdout_logfile_maxbytes": _LOG_BYTES,
            "stdout_logfile_backups": 2,
        }
        # supervisord reads a percent sign as a format.
        lines = [
            f"{name}={str(value).replace('%', '%%')}" for name, value in settings.items() if value not in {None, ""}
        ]
        return "\n".join([f"[program:{program.name}]", *lines, ""])


def end_processes(processes: list[psutil.Process]) -> None:
    """Ask those without a parent among them to end, as they end their own; then end whatever is left."""
    pids = {process.pid for process in processes}
    heads = [process for process in processes if process.info["ppid"] not in pids]
    for process in heads:
        _signal(process, kill=False)
    psutil.wait_procs(heads, timeout=_ALL_STOP_SECONDS)
    alive = [process for process in processes if process.is_running()]
    for process in alive:
        _signal(process, kill=True)
    psutil.wait_procs(alive, timeout=_KILL_SECONDS)


def _signal(process: psutil.Process, *, kill: bool) -> None:
    try:
        process.kill() if kill else process.terminate()
    except psutil.NoSuchProcess:
        return
