// Draws every figure marked data-chart (templates/chart.html) with uPlot, and reads it aloud: ← → point by point, Page
// up and down ten points, Home and End, ↑ ↓ one line. Times are those of Paris wherever the browser is. A figure that is
// new, or whose values are, is drawn once somebody says so: document.dispatchEvent(new Event("charts")).
(() => {
  const ZONE = "Europe/Paris";
  const INKS = 8;
  const LEAP = 10;
  const MINUTE = 60;
  const DAY = 86400;
  const FEW = 60;
  const DAYS = [1, 2, 3, 4, 5, 7, 10, 14, 30, 60, 90, 180, 365].map((days) => days * DAY);
  const language = document.documentElement.lang || "fr";

  const number = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 3 });
  const short = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
  const percent = new Intl.NumberFormat(language, { style: "percent", minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const rough = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 2 });
  const several = new Intl.ListFormat(language);
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: ZONE, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
  });

  const UNITS = {
    price: { full: (value) => number.format(value), tick: (value) => number.format(value) },
    percent: { full: (value) => percent.format(value / 100), tick: (value) => rough.format(value / 100) },
    count: { full: (value) => short.format(value), tick: (value) => short.format(value) },
  };

  const wall = (epoch) => Object.fromEntries(parts.formatToParts(epoch * 1000).map(({ type, value }) => [type, value]));
  const dayOf = ({ day, month }) => `${day}/${month}`;
  const timeOf = ({ hour, minute }) => `${hour}:${minute}`;
  const filled = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  // Ticks tell the time; the first one, and each midnight, the day below.
  const ticks = (daily) => (_plot, splits, _axis, _space, step) =>
    splits.map((split, position) => {
      const at = wall(split);
      if (daily || step >= DAY) return dayOf(at);
      const time = step < MINUTE ? `${timeOf(at)}:${at.second}` : timeOf(at);
      return position === 0 || timeOf(at) === "00:00" ? `${time}\n${dayOf(at)}` : time;
    });

  // Where a value was told, not only held.
  const told = (values) => [...values.keys()].filter((position) => values[position] != null);

  class Chart {
    constructor(figure) {
      this.figure = figure;
      this.words = JSON.parse(figure.dataset.words);
      this.frame = figure.querySelector(".chart-plot");
      this.says = figure.querySelector(".chart-says");
      this.room = figure.querySelector(".chart-legend");
      this.hidden = new Set();
      this.inks = document.createElement("i");
      this.inks.hidden = true;
      figure.append(this.inks);
      this.frame.addEventListener("keydown", (event) => this.pressed(event));
      this.read();
      this.sizes = new ResizeObserver(() => this.plot.setSize(this.size()));
      this.sizes.observe(this.frame);
    }

    // What the page holds now. Who reads stays at the instant, and sees the lines, that were chosen.
    read() {
      const source = this.figure.querySelector("script").textContent;
      if (source === this.source) return;
      const instant = this.at == null ? null : this.data.x[this.at];
      this.source = source;
      this.data = JSON.parse(source);
      this.unit = UNITS[this.data.unit];
      this.shown = this.data.series.map(({ label }) => !this.hidden.has(label));
      this.held = this.data.series.map((line) => this.hold(line));
      this.at = instant === null ? null : Math.max(0, this.data.x.findLastIndex((x) => x <= instant));
      this.line = -1;
      this.legend();
      this.draw();
    }

    // Of a stepped line each value holds until the next, and the last until the line ends.
    hold({ values, until }) {
      if (!this.data.stepped) return values;
      let last = null;
      return values.map((value, position) => {
        last = value ?? last;
        return until === undefined || this.data.x[position] <= until ? last : null;
      });
    }

    ink(name) {
      this.inks.className = `chart-ink-${name}`;
      return getComputedStyle(this.inks).color;
    }

    size() {
      return { width: this.frame.clientWidth, height: this.frame.clientHeight };
    }

    draw() {
      this.plot?.destroy();
      this.frame.replaceChildren();
      const { x, series, stepped, daily } = this.data;
      const font = `12px ${getComputedStyle(this.frame).fontFamily}`;
      const axis = { stroke: this.ink("axis"), font, grid: { stroke: this.ink("grid"), width: 1 }, ticks: { show: false } };
      const paths = stepped ? uPlot.paths.stepped({ align: 1 }) : undefined;
      this.plot = new uPlot(
        {
          ...this.size(),
          legend: { show: false },
          padding: [12, 24, 0, 4],
          tzDate: (epoch) => uPlot.tzDate(new Date(epoch * 1000), ZONE),
          cursor: { drag: { x: false, y: false }, y: false },
          scales: {
            x: { time: true, range: (_plot, low, high) => (low === high ? [low - 1800, high + 1800] : [low, high]) },
          },
          series: [
            {},
            ...series.map(({ label, dash, values }, position) => ({
              label, dash, paths, width: 2, show: this.shown[position],
              stroke: this.ink(position % INKS),
              points: { show: x.length <= FEW, size: 5, fill: this.ink(position % INKS), filter: () => told(values) },
            })),
          ],
          axes: [
            { ...axis, values: ticks(daily), size: daily ? 28 : 44, space: 64, ...(daily && { incrs: DAYS }) },
            {
              ...axis,
              values: (_plot, splits) => splits.map(this.unit.tick),
              size: (_plot, values) => Math.max(36, 16 + 7 * Math.max(0, ...(values ?? []).map((text) => text.length))),
            },
          ],
          hooks: { drawClear: [(plot) => this.marks(plot)], setCursor: [(plot) => this.pointed(plot)] },
        },
        [x, ...this.held],
        this.frame,
      );
    }

    marks(plot) {
      const { ctx, bbox } = plot;
      ctx.save();
      ctx.strokeStyle = this.ink("mark");
      ctx.lineWidth = devicePixelRatio;
      ctx.setLineDash([2 * devicePixelRatio, 4 * devicePixelRatio]);
      for (const { x } of this.data.marks) {
        const left = Math.round(plot.valToPos(x, "x", true));
        if (left < bbox.left || left > bbox.left + bbox.width) continue;
        ctx.beginPath();
        ctx.moveTo(left, bbox.top);
        ctx.lineTo(left, bbox.top + bbox.height);
        ctx.stroke();
      }
      ctx.restore();
    }

    legend() {
      this.room.hidden = this.data.series.length < 2;
      this.room.replaceChildren(...this.data.series.map(({ label, dash }, position) => {
        const button = document.createElement("button");
        button.type = "button";
        button.setAttribute("aria-pressed", String(this.shown[position]));
        const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
        svg.setAttribute("viewBox", "0 0 32 12");
        svg.setAttribute("aria-hidden", "true");
        svg.setAttribute("class", `chart-ink-${position % INKS}`);
        const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
        Object.entries({ x1: 0, x2: 32, y1: 6, y2: 6, "stroke-dasharray": dash.join(" ") || "none" })
          .forEach(([name, value]) => line.setAttribute(name, value));
        svg.append(line);
        button.append(svg, label);
        button.addEventListener("click", () => {
          this.shown[position] = !this.shown[position];
          this.hidden[this.shown[position] ? "delete" : "add"](label);
          button.setAttribute("aria-pressed", String(this.shown[position]));
          this.plot.setSeries(position + 1, { show: this.shown[position] });
          if (this.at !== null) this.tell(this.at);
        });
        return button;
      }));
    }

    pointed(plot) {
      if (this.moving || plot.cursor.idx == null) return;
      this.at = plot.cursor.idx;
      this.line = -1;
      this.tell(this.at);
    }

    pressed(event) {
      const last = this.data.x.length - 1;
      const from = this.at ?? last + 1;
      const to = {
        ArrowLeft: from - 1, ArrowRight: this.at === null ? 0 : from + 1, PageUp: from - LEAP, PageDown: from + LEAP, Home: 0, End: last,
      }[event.key];
      const turn = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (event.altKey || event.ctrlKey || event.metaKey || (to === undefined && !turn)) return;
      event.preventDefault();
      if (turn) this.choose(turn);
      this.move(Math.min(last, Math.max(0, to ?? this.at ?? last)));
    }

    // Goes round the lines that are shown; -1 is all of them.
    choose(turn) {
      const lines = [-1, ...this.shown.keys()].filter((line) => line === -1 || this.shown[line]);
      this.line = lines[(lines.indexOf(this.line) + turn + lines.length) % lines.length];
    }

    move(to) {
      this.at = to;
      this.moving = true;
      const value = this.line >= 0 ? this.held[this.line][to] : this.values(to)[0]?.value;
      const top = value == null ? 0 : this.plot.valToPos(value, "y");
      this.plot.setCursor({ left: this.plot.valToPos(this.data.x[to], "x"), top });
      this.moving = false;
      this.tell(to);
    }

    // What is shown at a point, the highest first.
    values(at) {
      const found = this.data.series.map(({ label }, line) => ({ line, label, value: this.held[line][at] }));
      const wanted = found.filter(({ line, value }) => value != null && (this.line < 0 ? this.shown[line] : line === this.line));
      return wanted.sort((one, other) => other.value - one.value);
    }

    tell(at) {
      const { x, unit, daily } = this.data;
      const instant = wall(x[at]);
      const date = `${instant.day}/${instant.month}/${instant.year}`;
      const said = { at: daily ? date : `${date} ${timeOf(instant)}` };
      const values = this.values(at);
      let sentence = this.words.none;
      if (values.length && unit === "price" && this.line < 0) {
        const best = values.filter(({ value }) => value === values[0].value);
        sentence = this.words.best;
        said.value = this.unit.full(best[0].value);
        said.who = several.format(best.map(({ label }) => label));
      } else if (values.length) {
        sentence = this.words.each;
        said.values = values.map(({ label, value }) => `${label} ${this.unit.full(value)}`).join(", ");
      }
      const marks = this.data.marks.filter((mark) => mark.x <= x[at] && (at === 0 || mark.x > x[at - 1]));
      const also = [...new Set(marks.map(({ label }) => label))].map((label) => filled(this.words.mark, { label }));
      this.says.textContent = [filled(sentence, said), ...also].join(" ; ");
    }

    leave() {
      this.sizes.disconnect();
      this.plot.destroy();
    }
  }

  const charts = new Map();

  const renew = () => {
    charts.forEach((chart, figure) => {
      if (figure.isConnected) return;
      chart.leave();
      charts.delete(figure);
    });
    document.querySelectorAll("figure[data-chart]").forEach((figure) => {
      if (charts.has(figure)) charts.get(figure).read();
      else charts.set(figure, new Chart(figure));
    });
  };

  const repaint = () => requestAnimationFrame(() => charts.forEach((chart) => chart.draw()));

  renew();
  document.addEventListener("charts", renew);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  new MutationObserver(repaint).observe(document.documentElement, { attributes: true });
})();
