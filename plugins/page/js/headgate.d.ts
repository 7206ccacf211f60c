/* SPDX-License-Identifier: Apache-2.0 */
// A WebSocket of the page's that stands in for the browser's own.
declare const HeadgateWebSocket: typeof globalThis.WebSocket;
export { HeadgateWebSocket as WebSocket };

/** The browser's own class, as it was when the library was loaded. */
export const NativeWebSocket: typeof globalThis.WebSocket;

/** What a server that wants credentials said. */
export interface Challenge {
  url: string;
  protocols: string[];
  /** 1 for the first time, at most 3. */
  round: number;
  /** The value of WWW-Authenticate, and the first scheme and realm in it. */
  header: string;
  scheme: string;
  realm: string;
}

/** A user and password (Basic), or the whole value of Authorization. */
export type Credentials =
  | { username: string; password?: string }
  | { authorization: string }
  | string;

export interface Options {
  /** Asked when the server wants credentials; null fails the WebSocket. */
  challenge?: (challenge: Challenge) =>
    Credentials | null | undefined | Promise<Credentials | null | undefined>;
  /**
   * Whether WebSockets to one origin share a connection where the server lets
   * them: true (default), in this page or worker; 'tabs', in all tabs of this
   * origin, by a SharedWorker; false, each has its own.
   */
  share?: boolean | 'tabs';
  /** For 'tabs': the URL of the library with its halves, as a classic script. */
  worker?: string;
  /** false: nothing is offered to servers. */
  handshake?: boolean;
  /** Milliseconds that a connection is kept when nobody uses it; 5000. */
  linger?: number;
}

/** Sets options. */
export function configure(options?: Options): void;

/** Sets options, and makes new WebSocket of this page or worker the library's. */
export function install(options?: Options): void;

/**
 * New credentials for an open WebSocket on a connection with channels. false:
 * the server does not take them; the old ones hold, or the WebSocket closes.
 */
export function authenticate(socket: WebSocket, credentials: Credentials):
  Promise<boolean>;

/** Text is a string; binary comes as Uint8Array, and may be sent as a Blob. */
export type Message = string | Uint8Array | Blob;

export type Parameters =
  Record<string, string | number | true | null | undefined>;

/** Where an extension stands in the chain of a connection. */
export interface Place {
  readonly url: string;
  /** Passes a message on towards the server, from here. */
  send(message: Message): void;
  /** Passes a message on towards the page, from here. */
  recv(message: Message): void;
  /** Ends the connection; the page sees an error and close code 1006. */
  fail(code: number, reason?: string): void;
  /** Whether another extension was answered too; known in open(). */
  has(name: string): boolean;
  /** Milliseconds since anything came from the server. */
  quiet(): number;
  /** Counts how much of what it was told of is still in the socket. */
  meter(): { sent(size: number): void; buffered(): number };
}

/** What an extension does on one connection. undefined: nothing goes on. */
export interface Hooks {
  recv?(message: Message): Message | undefined | void;
  send?(message: Message): Message | undefined | void;
  open?(): void;
  close?(end: { code: number; reason: string; wasClean: boolean }): void;
}

export interface Extension {
  /** As it stands in Sec-WebSocket-Extensions. */
  name: string;
  /** It puts messages of its own between others; it is offered last. */
  marks?: boolean;
  /** The parameters to offer; null: not this time. Without it: none. */
  offer?(info: { url: string; share: boolean }): Parameters | null;
  /** The server has answered it. What it throws fails the connection. */
  accept(parameters: Record<string, string>, place: Place): Hooks;
}

/** Registers an extension; the last one of a name is used. */
export function extension(extension: Extension): void;

/** For the halves of plugins. */
export const tools: {
  encode(text: string): Uint8Array;
  /** undefined: it is not UTF-8. */
  decode(bytes: Uint8Array): string | undefined;
  /** Text of one character for each byte, and back. */
  latin1(bytes: Uint8Array): string;
  fromLatin1(text: string): Uint8Array;
  concat(parts: Iterable<ArrayLike<number>>, length: number): Uint8Array;
  /** In bytes, as they are sent. */
  sizeOf(message: Message): number;
  /** A task of its own; not slowed down in a tab that nobody sees. */
  queueTask(task: () => void): void;
  /** Gives a function that takes it back. */
  startTimer(ms: number, task: () => void): () => void;
  parseResponse(head: string): { status: number;
    fields: { get(name: string): string | undefined } } | undefined;
  formatRequest(target: string, fields: { protocols?: string[];
    extensions?: string[]; authorization?: string }): string;
};

export const version: string;

declare const headgate: {
  WebSocket: typeof globalThis.WebSocket;
  NativeWebSocket: typeof globalThis.WebSocket;
  authenticate: typeof authenticate;
  configure: typeof configure;
  extension: typeof extension;
  install: typeof install;
  tools: typeof tools;
  version: string;
};
export default headgate;
