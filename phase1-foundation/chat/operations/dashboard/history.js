/** The last minutes, and what Prometheus would make of them. Times are in seconds. */

import { numberOf } from './exposition.js';

export const KEPT = 300;
export const WINDOW = 10;

export class History {
  samples = [];

  /** Takes in what /metrics said at a moment; returns the window that ends then, or null. */
  add(at, metrics) {
    this.samples.push({ at, metrics });
    this.samples = this.samples.filter((one) => one.at >= at - KEPT);
    const first = this.samples.find((one) => one.at >= at - WINDOW - 1);
    return first.at < at ? new Window(first, { at, metrics }) : null;
  }
}

export class Window {
  constructor(before, after) {
    Object.assign(this, { before: before.metrics, after: after.metrics, seconds: after.at - before.at });
  }

  /** The present value of a gauge, or the sum of several; NaN if there is none. */
  value(name, fits = () => true) {
    const found = [...(this.after.get(name)?.values() ?? [])].filter((one) => fits(one.labels));
    return found.length ? found.reduce((sum, one) => sum + one.value, 0) : NaN;
  }

  /** By how much each series of a counter grew; one that is lower than before has begun anew. */
  increases(name, fits = () => true) {
    const grown = [];
    for (const [key, { labels, value }] of this.after.get(name) ?? []) {
      const old = this.before.get(name)?.get(key)?.value ?? 0;
      if (fits(labels)) grown.push({ labels, by: value < old ? value : value - old });
    }
    return grown;
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
    return quantile(q, [...buckets].map(([le, count]) => [numberOf(le), count]));
  }
}

/** PromQL's histogram_quantile: `buckets` are [upper bound, cumulative count], in any order. */
export function quantile(q, buckets) {
  const sorted = [...buckets].sort((one, other) => one[0] - other[0]);
  const last = sorted.length - 1;
  if (last < 1 || sorted[last][0] !== Infinity || !(sorted[last][1] > 0)) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  const rank = q * sorted[last][1];
  const at = sorted.findIndex(([, count]) => count >= rank);
  if (at === last) return sorted[last - 1][0]; // more is not known of what lies beyond
  const [end, upTo] = sorted[at];
  if (at === 0 && end <= 0) return end;
  const [start, below] = at > 0 ? sorted[at - 1] : [0, 0];
  return start + (end - start) * ((rank - below) / (upTo - below));
}
