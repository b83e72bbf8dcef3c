#!/bin/sh
# Generates demo.svg, the terminal screenshot in the README. Needs Python with `pip install rich`.
set -eu
cd "$(dirname "$0")/.."
command='cargo demo'
unset PEAK_AUTH_TOKEN API_KEY
CLICOLOR_FORCE=1 $command 2>&1 | sed -n '/^Service/,$p' | python3 -c '
import io, sys
from rich.console import Console
from rich.text import Text

console = Console(record=True, width=104, file=io.StringIO())
console.print(Text.from_ansi(sys.stdin.read()))
console.save_svg(".github/demo.svg", title=sys.argv[1])
' "$command"
