"""Drives `kmictl run` in an interactive shell: Ctrl-Z, fg and Ctrl-C do what they do to every command.

The arguments are the shell with its options, `--`, and the command line that starts `kmictl run --`. Prints `ok`.
"""

import os
import pty
import re
import select
import signal
import sys
import time

LIMIT = 40
# Nothing else prints it; the shell that shows it is told by its environment.
PROMPT = "ask> "


class Terminal:
    """A shell in a terminal of its own."""

    def __init__(self, shell: list[str]) -> None:
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.execvpe(shell[0], shell, {**os.environ, "PS1": PROMPT})
        self.text = ""

    def has_come(self, pattern: str, limit: float) -> bool:
        """Reads until the pattern comes, and forgets what came before its end."""
        deadline = time.monotonic() + limit
        while not (found := re.search(pattern, self.text)):
            readable, _, _ = select.select([self.descriptor], [], [], max(0, deadline - time.monotonic()))
            if not readable:
                return False
            self.text += os.read(self.descriptor, 4096).decode(errors="replace")
        self.text = self.text[found.end() :]
        return True

    def wait_for(self, pattern: str) -> None:
        assert self.has_come(pattern, LIMIT), f"{pattern} did not come: {self.text!r}"

    def type(self, text: str) -> None:
        os.write(self.descriptor, text.encode())

    def command(self, line: str) -> None:
        """Types a command once the shell asks for one: what comes earlier may go to whatever runs, or get lost."""
        self.wait_for(PROMPT)
        self.type(line + "\n")


def main() -> None:
    separator = sys.argv.index("--")
    run = " ".join(sys.argv[separator + 1 :])
    terminal = Terminal(sys.argv[1:separator])
    try:
        # What is printed is another text than what is typed, which the terminal shows as well.
        terminal.command(f"{run} sh -c 'echo rea''dy; cat; echo by''e; exit 4'")
        terminal.wait_for("ready")
        terminal.type("hello\n")
        terminal.wait_for("hello\r\nhello\r\n")
        terminal.type("\x1a")
        terminal.wait_for("Stopped|suspended")
        terminal.wait_for(PROMPT)
        # The kernel sends the signal first and then throws away what was typed, by then perhaps this line.
        for _ in range(LIMIT // 4):
            terminal.type("fg\n")
            if terminal.has_come("continued|sh -c", 4):
                break
        terminal.type("more\n")
        terminal.wait_for("more\r\nmore\r\n")
        terminal.type("\x04")
        terminal.wait_for("bye")
        terminal.command("echo status=$?.")
        terminal.wait_for(r"status=4\.")
        # A command that catches Ctrl-C is not ended by it; one that does not is, and the shell hears of it.
        inner = 'sh -c "echo rea""dy; exec cat"'
        terminal.command(f"{run} sh -c 'trap \"echo cau\"\"ght\" INT; {inner}; read line; echo \"[$line]\"; exit 5'")
        terminal.wait_for("ready")
        terminal.type("\x03")
        terminal.wait_for("caught")
        terminal.type("here\n")
        terminal.wait_for(r"\[here\]")
        terminal.command("echo status=$?.")
        terminal.wait_for(r"status=5\.")
        terminal.command(f"{run} sh -c 'echo rea''dy; exec cat'")
        terminal.wait_for("ready")
        terminal.type("\x03")
        terminal.command("echo status=$?.")
        terminal.wait_for(r"status=130\.")
        print("ok")
    finally:
        os.kill(terminal.pid, signal.SIGKILL)
        os.waitpid(terminal.pid, 0)


main()
