"""Keeps the stack's processes alive: supervisord starts each, starts it again when it dies, and rotates its log."""

import os
import shlex
import subprocess
import sys
import time
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
_STOP_SECONDS = 20
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


class Supervisor:
    """Starts, asks and ends the supervisord of one stack."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._socket = places.run / "supervisor.sock"

    def start(self, programs: list[Program]) -> None:
        """Start supervisord and all programs at once.

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
        """End every program and supervisord itself, then whatever of this stack outlived them."""
        try:
            with self._remote() as remote:
                remote.shutdown()
        except (OSError, Fault, HTTPException):
            pass
        else:
            self._wait_gone()
        end_processes(self.processes())

    def processes(self) -> list[psutil.Process]:
        """List the processes of this stack, by the mark in their environment."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(STACK_VARIABLE) == self._places.stack_id:
                    found.append(process)
            except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
        return found

    def _wait_gone(self) -> None:
        deadline = time.monotonic() + 2 * _STOP_SECONDS
        while self.states() and time.monotonic() < deadline:
            time.sleep(0.1)

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
        return "\n".join(sections + [self._section(program) for program in programs])

    def _section(self, program: Program) -> str:
        settings = {
            "command": shlex.join(program.command),
            "environment": ",".join(f'{name}="{value}"' for name, value in program.environment.items()),
            "user": program.user,
            "autorestart": "true",
            "startsecs": 1,
            "startretries": 1_000_000,
            "stopsignal": program.stop_signal,
            "stopwaitsecs": _STOP_SECONDS,
            "stopasgroup": "true" if program.stop_signal == "TERM" else "false",
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
    """Ask processes to end, and end those that do not."""
    for process in processes:
        _signal(process, kill=False)
    _, alive = psutil.wait_procs(processes, timeout=_KILL_SECONDS)
    for process in alive:
        _signal(process, kill=True)
    psutil.wait_procs(alive, timeout=_KILL_SECONDS)


def _signal(process: psutil.Process, *, kill: bool) -> None:
    try:
        process.kill() if kill else process.terminate()
    except psutil.NoSuchProcess:
        return
