/** A card with a line for each series. What is not a number is a gap. */

export class Card {
  points = [];

  constructor(title, unit, lines, top) {
    Object.assign(this, { unit, top, lines: Object.entries(lines) });
    this.root = document.querySelector('template').content.firstElementChild.cloneNode(true);
    this.root.querySelector('h2').append(title, this.scale = document.createElement('small'));
    this.parts = this.lines.map(([name], index) => this.#part(name, index));
  }

  #part(name, index) {
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    const [pair, term, value] = ['div', 'dt', 'dd'].map((tag) => document.createElement(tag));
    path.setAttribute('class', `s${index}`);
    value.className = `s${index}`;
    term.textContent = name;
    pair.append(term, value);
    this.root.querySelector('svg').append(path);
    this.root.querySelector('dl').append(pair);
    return { path, value };
  }

  /** Adds a moment; without a window everything has a gap there. */
  add(at, kept, window) {
    const values = this.lines.map(([, read]) => (window ? read(window) : NaN));
    this.points = [...this.points, { at, values }].filter((one) => one.at >= at - kept);
    const known = this.points.flatMap((one) => one.values).filter(Number.isFinite);
    const span = Math.min(kept, Math.max(60, at - this.points[0].at));
    const top = this.top ?? (Math.max(...known, 0) * 1.1 || 1);
    this.scale.textContent = known.length ? this.unit(top) : 'no data yet';
    this.parts.forEach(({ path, value }, index) => {
      path.setAttribute('d', this.#line(index, at - span, span, top));
      value.textContent = Number.isFinite(values[index]) ? this.unit(values[index]) : '–';
    });
  }

  #line(index, start, span, top) {
    let pen = 'M';
    return this.points.map(({ at, values }) => {
      const step = `${pen}${(((at - start) / span) * 300).toFixed(1)} ${(80 - (values[index] / top) * 79).toFixed(1)}`;
      pen = Number.isFinite(values[index]) ? 'L' : 'M';
      return pen === 'L' ? step : '';
    }).join('');
  }
}
