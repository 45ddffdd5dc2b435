"""Small line charts as SVG: logarithmic axes to the base 2, lines with marks, a legend."""
import math
from xml.sax.saxutils import escape

COLOURS = ("#1b6ca8", "#c8553d", "#3a7d44", "#8e5ea2", "#b8860b", "#444444", "#d17ba0")
WIDTH, HEIGHT, LEFT, TOP, BOTTOM, RIGHT = 330, 250, 34, 30, 40, 8


class Panel:
    """
    One chart: series are (name, [(x, y)], dashed, number of the colour); x and y must be above
    0. A series has the same name and colour in all panels of a figure.
    """

    def __init__(self, title, x_label, y_label, series, x_ticks, bottom=None, top=None):
        self.title, self.x_label, self.y_label = title, x_label, y_label
        self.series, self.x_ticks = series, x_ticks
        values = [y for _, points, _, _ in series for _, y in points]
        self.low = 2.0 ** math.floor(math.log2(bottom or min(values)))
        self.high = 2.0 ** math.ceil(math.log2(top or max(values)))
        if self.high == self.low:
            self.high *= 2

    def x(self, value):
        low, high = math.log2(self.x_ticks[0]), math.log2(self.x_ticks[-1])
        return LEFT + (math.log2(value) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(self, value):
        share = (math.log2(max(value, self.low)) - math.log2(self.low)) / (math.log2(self.high) -
                                                                           math.log2(self.low))
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def draw(self):
        parts = [text(LEFT, 18, self.title, size=12, weight="bold"),
                 text(WIDTH - RIGHT, 18, self.y_label, anchor="end")]
        for tick in self.x_ticks:
            parts += [line(self.x(tick), TOP, self.x(tick), HEIGHT - BOTTOM, "#e4e4e4"),
                      text(self.x(tick), HEIGHT - BOTTOM + 13, str(tick), anchor="middle")]
        tick = self.low
        while tick <= self.high:
            parts += [line(LEFT, self.y(tick), WIDTH - RIGHT, self.y(tick), "#e4e4e4"),
                      text(LEFT - 4, self.y(tick) + 3, f"{tick:g}", anchor="end")]
            tick *= 4 if self.high / self.low > 256 else 2
        parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, self.x_label, anchor="middle"))
        for _, points, dashed, number in self.series:
            colour = COLOURS[number]
            path = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
            dash = ' stroke-dasharray="5 3"' if dashed else ""
            parts.append(
                f'<polyline points="{path}" fill="none" stroke="{colour}" '
                f'stroke-width="1.6"{dash}/>'
            )
            if not dashed:
                parts += [
                    f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="2.2" fill="{colour}"/>'
                    for x, y in points
                ]
        return "".join(parts)


def text(x, y, content, size=10, anchor="start", weight="normal"):
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" text-anchor="{anchor}" '
        f'font-weight="{weight}">'
        f'{escape(content)}</text>')


def line(x1, y1, x2, y2, colour):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def figure(panels, columns):
    """Panels side by side in rows, one legend for all."""
    names = []
    for panel in panels:
        for name, _, dashed, number in panel.series:
            if (name, dashed, number) not in names:
                names.append((name, dashed, number))
    rows = -(-len(panels) // columns)
    width, legend = WIDTH * columns, 18 * -(-len(names) // columns)
    height = HEIGHT * rows + legend + 8
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
             f'width="{width}" height="{height}" '
             'font-family="sans-serif"><rect width="100%" height="100%" fill="white"/>']
    for number, panel in enumerate(panels):
        place = f"translate({number % columns * WIDTH} {number // columns * HEIGHT})"
        parts.append(f'<g transform="{place}">{panel.draw()}</g>')
    for number, (name, dashed, colour_number) in enumerate(names):
        colour = COLOURS[colour_number]
        x, y = number % columns * WIDTH + LEFT, HEIGHT * rows + 14 + 18 * (number // columns)
        dash = ' stroke-dasharray="5 3"' if dashed else ""
        parts += [f'<line x1="{x}" y1="{y - 4}" x2="{x + 24}" y2="{y - 4}" stroke="{colour}" '
                  f'stroke-width="2"{dash}/>', text(x + 30, y, name)]
    return "\n".join(parts) + "\n</svg>\n"
