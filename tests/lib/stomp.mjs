// SPDX-License-Identifier: Apache-2.0
// STOMP users: @stomp/stompjs over ws, with all that comes kept.
import { Client, Versions } from '@stomp/stompjs';
import WebSocket from 'ws';

import { deferred, until, within } from './wait.mjs';

let receipts = 0;

export class Subscription {
  constructor(user, destination, headers) {
    this.user = user;
    this.messages = [];
    this.onMessage = undefined;
    this.handle = user.client.subscribe(destination, (message) => {
      this.messages.push(message);
      this.onMessage?.(message);
    }, headers);
    this.id = this.handle.id;
  }

  get bodies() {
    return this.messages.map((message) => message.body);
  }

  // So many have come; it fails at once when the client is cut off.
  async count(count, ms) {
    const { user, messages } = this;
    await until(() => messages.length >= count || user.closed !== undefined,
      `${count} messages`, ms).catch((error) => {
      throw new Error(`${error.message}: ${messages.length} have come`);
    });
    if (messages.length < count)
      throw new Error(`cut off: ${JSON.stringify(user.closed)}, ` +
        `${messages.length} of ${count} messages have come, errors: ` +
        user.errors.map((frame) => frame.headers.message));
  }

  // Until the broker says that it is done.
  unsubscribe(headers = {}) {
    return this.user.receipt((receipt) =>
      this.handle.unsubscribe({ ...headers, receipt }), 'UNSUBSCRIBE');
  }
}

export class User {
  constructor(client) {
    this.client = client;
    this.errors = [];
    this.ended = deferred();
    this.closed = undefined; // { code, reason }
  }

  // Runs act with a receipt's id, and waits for it.
  receipt(act, what = 'a frame') {
    const id = `receipt-${++receipts}`;
    const done = new Promise((resolve) =>
      this.client.watchForReceipt(id, resolve));
    act(id);
    return within(done, `the receipt of ${what}`, 20000);
  }

  // In effect when it returns.
  async subscribe(destination, headers = {}) {
    let subscription;
    await this.receipt((receipt) => {
      subscription = new Subscription(this, destination,
        { ...headers, receipt });
    }, `SUBSCRIBE ${destination}`);
    return subscription;
  }

  // Without waiting.
  subscribeNow(destination, headers = {}) {
    return new Subscription(this, destination, headers);
  }

  send(destination, body, headers = {}) {
    const what = typeof body === 'string' ? { body } : { binaryBody: body };
    this.client.publish({ destination, headers, ...what });
  }

  sendSure(destination, body, headers = {}) {
    return this.receipt((receipt) =>
      this.send(destination, body, { ...headers, receipt }), 'SEND');
  }

  // By DISCONNECT and its receipt.
  async leave() {
    await this.client.deactivate();
    await within(this.ended.promise, 'the end');
  }

  // Without any word, not even of WebSocket.
  vanish() {
    this.client.webSocket.terminate();
  }

  // The WebSocket's end: { code, reason }.
  end(ms) {
    return within(this.ended.promise, 'the WebSocket to end', ms);
  }
}

/*
 * options: login, passcode, headers (of CONNECT), version ("1.2"; default: all
 * three), beats ([out, in], default none), ws (options of its WebSocket).
 */
export async function connect(t, url, options = {}) {
  const { version, beats = [0, 0], ws = {} } = options;
  const versions = version ? new Versions([version]) : Versions.default;
  const client = new Client({
    connectHeaders: {
      ...(options.login === undefined ? {} :
        { login: options.login, passcode: options.passcode ?? options.login }),
      ...options.headers,
    },
    stompVersions: versions,
    heartbeatOutgoing: beats[0],
    heartbeatIncoming: beats[1],
    reconnectDelay: 0,
    discardWebsocketOnCommFailure: false,
    webSocketFactory: () => new WebSocket(url, versions.protocolVersions(), ws),
  });
  const user = new User(client);
  const connected = deferred();
  client.onConnect = (frame) => {
    user.connected = frame.headers;
    connected.resolve(user);
  };
  client.onStompError = (frame) => {
    user.errors.push(frame);
    connected.reject(Object.assign(new Error(
      `ERROR: ${frame.headers.message} ${frame.body}`), { user }));
  };
  client.onWebSocketError = (event) => {
    user.wsError = event.message;
  };
  client.onWebSocketClose = ({ code, reason }) => {
    user.closed = { code, reason };
    user.ended.resolve(user.closed);
    connected.reject(Object.assign(new Error(
      `closed: ${code} ${reason} ${user.wsError ?? ''}`), { user }));
  };
  t.after(() => client.deactivate({ force: true }));
  client.activate();
  return within(connected.promise, 'CONNECTED', 20000);
}

// What stands in a MESSAGE of a flow for all: its bytes without the headers
// that are a subscriber's own.
export function commonLength(message) {
  const own = ['subscription', 'message-id', 'ack'];
  let length = 'MESSAGE\n\n\0'.length + message.binaryBody.length;
  for (const [name, value] of Object.entries(message.headers))
    if (!own.includes(name))
      length += Buffer.byteLength(`${name}:${value}\n`);
  return length;
}
