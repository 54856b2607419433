/** Cards with a line for each series. A value that is not a number is a gap. */

const WIDTH = 300;
const HEIGHT = 80;
const SVG = 'http://www.w3.org/2000/svg';

export class Card {
  constructor(template, { title, unit, lines, top }) {
    this.root = template.content.firstElementChild.cloneNode(true);
    this.root.querySelector('h2').textContent = title;
    Object.assign(this, { unit, top, lines: Object.entries(lines), points: [] });
    this.paths = this.lines.map((_, index) => this.#add('svg', document.createElementNS(SVG, 'path'), index));
    this.values = this.lines.map(([name], index) => this.#legend(name, index));
  }

  #add(where, element, index) {
    element.setAttribute('class', `s${index}`);
    return this.root.querySelector(where).appendChild(element);
  }

  #legend(name, index) {
    const [pair, term, value] = ['div', 'dt', 'dd'].map((tag) => document.createElement(tag));
    term.textContent = name;
    term.className = `s${index}`;
    value.textContent = '–';
    pair.append(term, value);
    this.root.querySelector('dl').append(pair);
    return value;
  }

  /** Adds a moment: `window` is null when there was none, and then everything has a gap. */
  add(at, kept, window) {
    const values = this.lines.map(([, read]) => (window ? read(window) : NaN));
    this.points = [...this.points, { at, values }].filter((one) => one.at >= at - kept);
    const highest = Math.max(...this.points.flatMap((one) => one.values.filter(Number.isFinite)), 0);
    const top = this.top ?? (highest * 1.15 || 1);
    this.root.querySelector('.scale').textContent = this.unit(top);
    this.paths.forEach((path, index) => path.setAttribute('d', line(this.points, index, at - kept, kept, top)));
    values.forEach((value, index) => { this.values[index].textContent = this.unit(value); });
  }
}

function line(points, index, start, span, top) {
  let pen = 'M';
  return points.map(({ at, values }) => {
    const value = values[index];
    if (!Number.isFinite(value)) { pen = 'M'; return ''; }
    const x = (((at - start) / span) * WIDTH).toFixed(1);
    const y = (HEIGHT - Math.min(value / top, 1) * (HEIGHT - 2)).toFixed(1);
    const step = `${pen}${x} ${y}`;
    pen = 'L';
    return step;
  }).join('');
}
