/* SPDX-License-Identifier: Apache-2.0 */
// The browser half of pingpong: answers the server's pings, which are text
// messages, as a page sees no ping frames (protocol 6).
(() => {
  'use strict';
  const headgate = globalThis[Symbol.for('headgate')];
  const MARK = '\x01\x01\x01\x02';
  const PING = `${MARK}\x09\x00`;
  const PONG = `${MARK}\x0a\x00`;

  const isMarked = (message) =>
    typeof message === 'string' && message.startsWith(MARK);

  headgate.extension({
    name: 'x-kaazing-ping-pong',
    marks: true,
    accept(params, link) {
      let escaped = false; // the next text is the application's
      if (!('01010102' in params))
        throw new TypeError('another mark');
      return {
        recv(message) {
          if (typeof message !== 'string')
            return message;
          if (escaped) {
            escaped = false;
            if (isMarked(message))
              return message;
            link.fail(1002, 'an escape before other text');
          } else if (message === MARK)
            escaped = true;
          else if (message === PING)
            link.send(PONG);
          else if (!isMarked(message))
            return message;
          else if (message !== PONG)
            link.fail(1002, 'a mark with nothing known');
          return undefined;
        },
        send(message) {
          if (isMarked(message))
            link.send(MARK);
          return message;
        },
      };
    },
  });
})();
