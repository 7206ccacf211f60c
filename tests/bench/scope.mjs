// SPDX-License-Identifier: Apache-2.0
// What tests/lib wants of a test: hooks that run behind it, in their order.
export class Scope {
  #hooks = [];

  constructor(note = console.error) {
    this.note = note;
  }

  after(hook) {
    this.#hooks.push(hook);
  }

  diagnostic(text) {
    this.note(text);
  }

  // All run, whatever one of them does.
  async end() {
    for (const hook of this.#hooks.splice(0)) {
      try {
        await hook();
      } catch (error) {
        this.note(`at the end: ${error.message}`);
      }
    }
  }
}

// Runs act with a scope that has ended when it returns.
export async function scoped(act, note) {
  const scope = new Scope(note);
  try {
    return await act(scope);
  } finally {
    await scope.end();
  }
}
