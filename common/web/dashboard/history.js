/** The last minutes, and what Prometheus would make of them. Times are in seconds. */

export const KEPT = 300;
const WINDOW = 10;
const SAMPLE = /^(\w+)(?:\{(.*)\})? (\S+)$/;

/** Reads the text format: name → (labels as written → {labels, value}). */
export function parse(text) {
  const metrics = new Map();
  for (const line of text.split('\n')) {
    const [, name, written = '', value] = SAMPLE.exec(line) ?? [];
    if (!name) continue;
    const labels = Object.fromEntries([...written.matchAll(/(\w+)="([^"]*)"/g)].map((one) => one.slice(1)));
    if (!metrics.has(name)) metrics.set(name, new Map());
    metrics.get(name).set(written, { labels, value: number(value) });
  }
  return metrics;
}

const number = (word) => Number(word.replace('Inf', 'Infinity'));

export class History {
  samples = [];

  /** Takes in what was said at a moment; returns the window that ends then, null at the beginning. */
  add(at, metrics) {
    this.samples = [...this.samples, { at, metrics }].filter((one) => one.at >= at - KEPT);
    const first = this.samples.find((one) => one.at >= at - WINDOW - 1);
    return first.at < at ? new Window(first, this.samples.at(-1)) : null;
  }
}

/** What happened between two samples. `fits` says of a series' labels whether it counts. */
export class Window {
  constructor(before, after) {
    Object.assign(this, { before: before.metrics, after: after.metrics, seconds: after.at - before.at });
  }

  value(name) {
    return this.after.get(name)?.values().next().value.value ?? NaN;
  }

  /** By how much each series grew; a counter that is lower than before has begun anew. */
  increases(name, fits = () => true) {
    return [...(this.after.get(name) ?? [])].filter(([, { labels }]) => fits(labels)).map(([key, { labels, value }]) => {
      const old = this.before.get(name)?.get(key)?.value ?? 0;
      return { labels, by: value < old ? value : value - old };
    });
  }

  increase(name, fits) {
    return this.increases(name, fits).reduce((sum, one) => sum + one.by, 0);
  }

  rate(name, fits) {
    return this.increase(name, fits) / this.seconds;
  }

  quantile(q, name, fits) {
    const buckets = new Map();
    for (const { labels, by } of this.increases(`${name}_bucket`, fits)) {
      buckets.set(labels.le, (buckets.get(labels.le) ?? 0) + by);
    }
    return quantile(q, [...buckets].map(([le, count]) => [number(le), count]));
  }
}

/** PromQL's histogram_quantile; `buckets` are [upper bound, cumulative count], ascending. */
export function quantile(q, buckets) {
  const last = buckets.length - 1;
  if (last < 1 || buckets[last][0] !== Infinity || !(buckets[last][1] > 0)) return NaN;
  const rank = q * buckets[last][1];
  const at = buckets.findIndex(([, count]) => count >= rank);
  if (at === last) return buckets[last - 1][0]; // nobody knows how far beyond
  const [end, upTo] = buckets[at];
  const [start, below] = at > 0 ? buckets[at - 1] : [0, 0];
  return start + (end - start) * ((rank - below) / (upTo - below));
}
