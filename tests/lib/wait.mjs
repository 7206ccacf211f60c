// SPDX-License-Identifier: Apache-2.0
// Waiting for conditions, never for time alone.
import { setTimeout as sleep } from 'node:timers/promises';

// Builds with sanitizers are slower.
export const SLOW = process.env.HEADGATE_SANITIZER === 'yes' ? 4 : 1;

// Until fn's result is true (also of a promise), which is returned. What fn
// throws counts as not yet, and is told when the time is over.
export async function until(fn, what, ms = 10000) {
  const end = Date.now() + ms * SLOW;
  let last;
  for (let pause = 2; ; pause = Math.min(pause * 1.5, 50)) {
    try {
      const value = await fn();
      if (value)
        return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() >= end)
      throw new Error(`waited ${ms * SLOW} ms for: ${what}`, { cause: last });
    await sleep(pause);
  }
}

// The promise, which must be settled in that time.
export async function within(promise, what, ms = 10000) {
  let timer;
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(
      new Error(`waited ${ms * SLOW} ms for: ${what}`)), ms * SLOW);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

// A promise with its two ends.
export function deferred() {
  const self = {};
  self.promise = new Promise((resolve, reject) => {
    self.resolve = resolve;
    self.reject = reject;
  });
  self.promise.catch(() => {});
  return self;
}
