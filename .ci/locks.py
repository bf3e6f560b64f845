"""Whether both locks satisfy pyproject.toml: every dependency is pinned, within its range, with a hash."""

import pathlib
import re
import sys
import tomllib

root = pathlib.Path(__file__).parent.parent
project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
extras = project["optional-dependencies"]
wanted = {
    "requirements.lock": project["dependencies"] + extras["postgres"] + extras["cel"],
    "requirements-dev.lock": project["dependencies"] + extras["postgres"] + extras["dev"],
}


def version(text: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", text)[:3])


wrong = []
for name, needs in wanted.items():
    text = (root / name).read_text()
    pins = {m[1].lower().replace("_", "-"): m[2] for m in re.finditer(r"^([\w.-]+)==([\w.]+)", text, re.M)}
    hashed = len(re.findall(r"^[\w.-]+==[^\n]*\\\n\s+--hash=sha256:", text, re.M))
    if hashed != len(pins):
        wrong.append(f"{name}: {len(pins) - hashed} packages have no hash")
    for need in needs:
        package, bounds = re.match(r"([\w.-]+)(?:\[\w+\])?(.*)", need).groups()
        pin = pins.get(package.lower())
        if pin is None:
            wrong.append(f"{name}: {package} is missing; run `make lock`")
            continue
        for sign, bound in re.findall(r"(>=|<)([\d.]+)", bounds):
            if (version(pin) < version(bound)) == (sign == ">="):
                wrong.append(f"{name}: {package} {pin} is not {sign}{bound}; run `make lock`")
print("\n".join(wrong) or "both locks are current")
sys.exit(bool(wrong))
