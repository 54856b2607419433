"""What moves data needs no web framework: a worker or a shell without one can do it."""

import subprocess
import sys

import pytest
from running import PHASE


@pytest.mark.parametrize("module", ["chat.archive", "chat.cli"])
def test_moving_data_loads_no_web_framework(module: str) -> None:
    program = (
        f"import sys, {module}; print(*{{'flask', 'gunicorn', 'werkzeug'}} & {{*sys.modules}})"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=PHASE, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == []
