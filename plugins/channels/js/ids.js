// Which ids new channels get: odd, in a circle, so that one that became free is
// used again as late as can be. In base mode only text ids: both bytes below
// 0x80, as the browser checks the UTF-8 of a label too.
const ROOT = 0;
const CONTROL = 0xffff;

const isText = (id) => (id & 0x8080) === 0;

class Ids {
  #next = 1;
  #textOnly;

  constructor(textOnly) {
    this.#textOnly = textOnly;
  }

  // undefined: none is free.
  take(isUsed) {
    for (let tries = 0; tries < 32768; tries++) {
      const id = this.#next;
      this.#next = id + 2 & 0xffff;
      if (id !== CONTROL && !isUsed(id) && (!this.#textOnly || isText(id)))
        return id;
    }
    return undefined;
  }
}
