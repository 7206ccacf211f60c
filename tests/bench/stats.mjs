// SPDX-License-Identifier: Apache-2.0
// What a list of samples says. A sample is { case, server, round, ... figures }
// or, where it went wrong, { case, server, round, failed }; with "trouble" it
// counts, but something is to be told.
export function spread(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0)
    return undefined;
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[middle] :
    (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1), count: sorted.length };
}

export class Samples {
  constructor(list = []) {
    this.list = list;
  }

  #names(key, list = this.list) {
    return [...new Set(list.map((one) => one[key]))];
  }

  get cases() {
    return this.#names('case');
  }

  servers(name) {
    return this.#names('server', this.list.filter((one) =>
      one.case === name));
  }

  of(name, server) {
    return this.list.filter((one) => one.case === name &&
      one.server === server && !one.failed);
  }

  failures() {
    return this.list.filter((one) => one.failed ?? one.trouble);
  }

  spread(name, server, field) {
    return spread(this.of(name, server).map((one) => one[field]));
  }

  median(name, server, field) {
    return this.spread(name, server, field)?.median;
  }

  // The lowest of them by its median.
  best(name, servers, field) {
    const known = servers.map((server) =>
      [server, this.median(name, server, field)])
      .filter(([, median]) => median !== undefined)
      .sort(([, a], [, b]) => a - b);
    return known[0]?.[0];
  }

  // Of one server to another, round by round; with cases of their own where
  // that is what is compared.
  ratio(name, server, other, field, otherCase = name) {
    const others = this.of(otherCase, other);
    return spread(this.of(name, server).map((one) => {
      const same = others.find(({ round }) => round === one.round);
      return same ? one[field] / same[field] : NaN;
    }));
  }
}
