# SPDX-License-Identifier: MIT
"""What the benchmarks share: measuring one process tree, medians, and plots in SVG."""
import math
import os
import statistics
import subprocess
import threading
import time

TIME_LIMIT = 900  # seconds for one job; beyond it is killed, and its exit says so
COLOURS = ("#1f6f8b", "#c8553d", "#5b8c5a", "#8e6c8a", "#b08900", "#44546a", "#d98cb3", "#7a7a7a")


def family(pid):
    """The process and its descendants."""
    members, parents = [pid], [pid]
    while parents:
        parent = parents.pop()
        try:
            for thread in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{thread}/children", encoding="ascii") as children:
                    born = [int(word) for word in children.read().split()]
                members += born
                parents += born
        except OSError:
            pass
    return members


def memory(pid):
    """(RssAnon + RssShmem, VmHWM) in KiB; zeros when the process is gone."""
    found = {}
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
            for line in status:
                name, _, value = line.partition(":")
                if name in ("RssAnon", "RssShmem", "VmHWM"):
                    found[name] = int(value.split()[0])
    except OSError:
        pass
    return found.get("RssAnon", 0) + found.get("RssShmem", 0), found.get("VmHWM", 0)


class Peak(threading.Thread):
    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.over, self.private, self.resident = pid, threading.Event(), 0, 0

    def run(self):
        while not self.over.wait(0.01):
            seen = [memory(member) for member in family(self.pid)]
            self.private = max(self.private, sum(private for private, _ in seen))
            self.resident = max([self.resident] + [resident for _, resident in seen])


def measure(command, log):
    """One run: dict of seconds, cpu, private and resident (KiB), exit, output."""
    with open(log, "w+b") as output:
        start = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        peak = Peak(process.pid)
        peak.start()
        alarm = threading.Timer(TIME_LIMIT, process.kill)
        alarm.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        alarm.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        peak.over.set()
        peak.join()
        output.seek(0)
        text = output.read().decode(errors="replace")
    return {"seconds": seconds, "cpu": usage.ru_utime + usage.ru_stime, "private": peak.private,
            "resident": max(peak.resident, usage.ru_maxrss), "exit": process.returncode, "output": text}


def spread(values, form="{:.2f}"):
    middle = form.format(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({form.format(min(values))}-{form.format(max(values))})"


def mib(kib):
    return f"{kib / 1024:.0f}"


# --- plots -----------------------------------------------------------------------------------------------------------

def text(x, y, words, anchor="start", size=12, weight="normal"):
    words = words.replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}">{words}</text>'


def picture(width, height, parts):
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height:.0f}" font-family="sans-serif">',
                      '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>", ""])


def bars(title, groups):
    """`groups`: [(heading, limit or None, [(name, [value, ...]), ...])]. A bar is the median, the thin line on it goes from
    the least to the most; the dashed line is the limit. Each group has a scale of its own."""
    left, room, right, parts, y = 190, 520, 90, [], 30
    parts.append(text(12, y, title, size=14, weight="bold"))
    for heading, limit, rows in groups:
        y += 34
        most = max([max(values) for _, values in rows] + [limit or 0]) or 1
        top = y + 6
        parts.append(text(12, y, heading, weight="bold"))
        for name, values in rows:
            y += 22
            middle = statistics.median(values)
            colour = COLOURS[0] if name.startswith("zoneseal") else COLOURS[7]
            parts.append(text(left - 8, y, name, "end"))
            parts.append(f'<rect x="{left}" y="{y - 12}" width="{middle / most * room:.1f}" height="15" fill="{colour}"/>')
            parts.append(f'<path d="M{left + min(values) / most * room:.1f} {y - 4.5:.1f}H{left + max(values) / most * room:.1f}" '
                         'stroke="black"/>')
            parts.append(text(left + max(max(values), middle) / most * room + 6, y, f"{middle:.2f} s"))
        if limit:
            x = left + limit / most * room
            parts.append(f'<path d="M{x:.1f} {top}V{y + 6}" stroke="#c8553d" stroke-dasharray="4 3"/>')
            parts.append(text(x, y + 18, f"limit {limit:.2f} s", "middle", 10))
            y += 12
    return picture(left + room + right, y + 24, parts)


def decades(values):
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def panel(x0, y0, title, unit, lines):
    """One plot with both axes logarithmic, 300 x 240. `lines`: {name: [(x, y), ...]}"""
    width, height = 300, 240
    points = [point for line in lines.values() for point in line if point[0] > 0 and point[1] > 0]
    (xl, xh), (yl, yh) = decades([p[0] for p in points]), decades([p[1] for p in points])
    place = lambda x, y: (x0 + (math.log10(x) - xl) / (xh - xl) * width, y0 + height - (math.log10(y) - yl) / (yh - yl) * height)
    parts = [text(x0, y0 - 10, f"{title}, {unit}", weight="bold"),
             f'<rect x="{x0}" y="{y0}" width="{width}" height="{height}" fill="none" stroke="#999"/>']
    for exponent in range(xl, xh + 1):
        x, _ = place(10 ** exponent, 10 ** yl)
        parts += [f'<path d="M{x:.1f} {y0}V{y0 + height}" stroke="#ddd"/>', text(x, y0 + height + 15, f"{10 ** exponent:,}", "middle", 10)]
    for exponent in range(yl, yh + 1):
        _, y = place(10 ** xl, 10 ** exponent)
        parts += [f'<path d="M{x0} {y:.1f}H{x0 + width}" stroke="#ddd"/>', text(x0 - 5, y + 4, f"{10 ** exponent:g}", "end", 10)]
    for number, (name, line) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        shown = [place(x, y) for x, y in line if x > 0 and y > 0]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in shown)
        if path:
            parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in shown]
        parts += [f'<rect x="{x0 + width + 10}" y="{y0 + 8 + 18 * number}" width="10" height="10" fill="{colour}"/>',
                  text(x0 + width + 25, y0 + 17 + 18 * number, name, size=11)]
    return parts
