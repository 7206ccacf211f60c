/* SPDX-License-Identifier: Apache-2.0 */
// The browser half of idletimeout: the server has promised to send something at
// least every so many milliseconds; when it does not, the connection is lost.
// Without x-kaazing-ping-pong that may be a frame that no page sees, and so
// nothing can be said.
(() => {
  'use strict';
  const headgate = globalThis[Symbol.for('headgate')];
  const { startTimer } = headgate.tools;
  const TIMEOUT_MAX = 86400000;
  const GRACE = 2000; // what waits in a page that slept is looked at first

  headgate.extension({
    name: 'x-kaazing-idle-timeout',
    accept(params, link) {
      const timeout = Number(params.timeout);
      let stop;
      if (!/^\d{1,10}$/.test(params.timeout) || timeout < 1)
        throw new TypeError('timeout');
      const check = (late) => {
        const left = Math.min(timeout, TIMEOUT_MAX) - link.quiet();
        if (left > 0)
          stop = startTimer(left, () => check(false));
        else if (late)
          link.fail(4008, 'nothing came from the server');
        else
          stop = startTimer(Math.min(GRACE, timeout), () => check(true));
      };
      return {
        open() {
          if (link.has('x-kaazing-ping-pong'))
            check(false);
        },
        close: () => stop?.(),
      };
    },
  });
})();
