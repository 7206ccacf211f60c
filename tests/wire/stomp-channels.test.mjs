// SPDX-License-Identifier: Apache-2.0
// A channel for each subscription, and one copy for a flow, as a peer sees them
// that asks for channels itself.
import assert from 'node:assert/strict';
import test from 'node:test';

import { hex, openMux } from '../lib/channels.mjs';
import { startDaemon } from '../lib/daemon.mjs';
import { until } from '../lib/wait.mjs';

const daemon = await startDaemon(test, {
  'listen main': { address: '127.0.0.1:0' },
  'plugin channels': {},
  'plugin fanout': { verify: 2 },
  'plugin stomp': { 'heart-beat': '0,0' },
  'plugin broker': { anonymous: 'yes', deny: '- /topic/secret' },
  'service stomp': {
    listen: 'main', path: '/stomp', plugins: 'stomp broker',
    extensions: 'x-kaazing-channels x-kaazing-fanout',
    share: '/topic/* scope=public', 'close-timeout': '1s',
  },
});

const FANOUT = { 'Sec-WebSocket-Extensions': 'x-kaazing-fanout' };
const FLOW = /x-kaazing-fanout; flow=([0-9a-f]{32}); epoch=([0-9a-f]{8})\r\n/;
const PUBLISHER = 0x7d01;

const said = async (m, id) => (await m.message(id)).payload.toString();

async function login(m, id) {
  m.data(id, 'CONNECT\naccept-version:1.2\nhost:h\n\n\0');
  assert.match(await said(m, id), /^CONNECTED\nversion:1.2\n/);
}

// With clients on channels 1, 3 and so on, and one that publishes.
async function start(t, count, fields = FANOUT) {
  const m = await openMux(t, daemon.port('main'), '/stomp',
    'extensions=x-kaazing-fanout');
  const ids = Array.from({ length: count }, (_, i) => 2 * i + 1);
  for (const id of [...ids, PUBLISHER]) {
    await m.created(id, '/stomp', id === PUBLISHER ? {} : fields);
    await login(m, id);
  }
  return { m, ids };
}

// Subscribes, and accepts the child: its id and what create says.
async function subscribe(m, id, destination = '/topic/t') {
  m.data(id, `SUBSCRIBE\nid:s${id}\nreceipt:r${id}\n` +
    `destination:${destination}\n\n\0`);
  assert.equal(await said(m, id), `RECEIPT\nreceipt-id:r${id}\n\n\0`);
  // Those before it may be merged meanwhile.
  const text = await m.find(/^create 0x\w{4} parent=0x/);
  const [, child, parent] = text.match(/^create (0x\w{4}) parent=(0x\w{4})/);
  assert.equal(parent, hex(id));
  m.control(`created ${child}`);
  return { child: Number(child), text };
}

// Publishes and waits until the broker has it.
async function publish(m, body, destination = '/topic/t') {
  m.data(PUBLISHER, `SEND\ndestination:${destination}\nreceipt:p\n\n${body}\0`);
  assert.equal(await said(m, PUBLISHER), 'RECEIPT\nreceipt-id:p\n\n\0');
}

test('the subscription\'s life, byte for byte', async (t) => {
  const { m } = await start(t, 0);
  await login(m, 0);
  m.data(0, 'SUBSCRIBE\nid:s\nreceipt:1\ndestination:/topic/t\n\n\0');
  assert.equal(await said(m, 0), 'RECEIPT\nreceipt-id:1\n\n\0');
  assert.equal(await m.next(), 'create 0x0002 parent=0x0000\r\n\r\n');
  m.control('created 0x0002');
  await publish(m, 'body');
  assert.match(await said(m, 2), new RegExp('^MESSAGE\nsubscription:s\n' +
    'message-id:[^\n]+\ndestination:/topic/t\ncontent-length:4\n\nbody\0$'));
  m.data(0, 'UNSUBSCRIBE\nid:s\nreceipt:2\n\n\0');
  assert.equal(await said(m, 0), 'RECEIPT\nreceipt-id:2\n\n\0');
  assert.equal(await m.next(), 'destroy 0x0002 code=1000\r\n\r\n');
  m.control('destroy 0x0002 code=1000');
  await publish(m, 'nobody');
  assert.equal(m.messages.get(2).length, 0);
});

test('a refused child: its messages come on the parent', async (t) => {
  const { m } = await start(t, 0);
  await login(m, 0);
  m.data(0, 'SUBSCRIBE\nid:s\nreceipt:1\ndestination:/topic/t\n\n\0');
  await said(m, 0);
  await m.next(/^create 0x0002/);
  await publish(m, 'early');
  m.control('refused 0x0002');
  assert.match(await said(m, 0), /^MESSAGE\nsubscription:s\n.*early\0$/s);
  await m.next(/^destroy 0x0002 code=1000/);
  await publish(m, 'late');
  assert.match(await said(m, 0), /^MESSAGE\nsubscription:s\n.*late\0$/s);
});

test('T03: data on a child against its direction is 1002', async (t) => {
  const { m } = await start(t, 1);
  const { child } = await subscribe(m, 1);
  m.data(child, 'SEND\ndestination:/topic/t\n\nx\0');
  await m.closed(1002);
});

test('T03: only the creator merges', async (t) => {
  for (const line of ['merge A with=B at=0 seq=0', 'unmerge A seq=0',
    'migrate A to=0x0101 at=0']) {
    const { m, ids: [one, two] } = await start(t, 2);
    const a = await subscribe(m, one);
    const b = await subscribe(m, two);
    m.control(line.replace('A', hex(a.child)).replace('B', hex(b.child)));
    await m.closed(1002);
  }
});

test('what create tells of a member of a flow', async (t) => {
  const { m, ids: [one, two] } = await start(t, 2);
  const a = await subscribe(m, one);
  const b = await subscribe(m, two);
  assert.match(a.text, FLOW);
  assert.equal(b.text.match(FLOW)[0], a.text.match(FLOW)[0], 'one flow');
});

test('T06: flows differ by destination', async (t) => {
  const { m, ids: [one, two] } = await start(t, 2);
  const a = await subscribe(m, one, '/topic/a');
  const b = await subscribe(m, two, '/topic/b');
  assert.notEqual(a.text.match(FLOW)[1], b.text.match(FLOW)[1]);
});

test('T06: a flow that a client names means nothing', async (t) => {
  const { m, ids: [one] } = await start(t, 1);
  const a = await subscribe(m, one);
  const claim = a.text.match(/x-kaazing-fanout;[^\r]+/)[0];
  await m.created(0x0301, '/stomp', { 'Sec-WebSocket-Extensions': claim });
  await login(m, 0x0301);
  await publish(m, 'not for all');
  assert.match(await said(m, a.child), /not for all/);
  await m.control('unknown?');
  assert.equal(m.messages.get(0x0301).length, 0);
});

test('without fan-out each child has its own headers', async (t) => {
  const { m, ids } = await start(t, 2, {});
  for (const id of ids) {
    const { child, text } = await subscribe(m, id);
    assert.doesNotMatch(text, FLOW);
    await publish(m, 'x');
    assert.match(await said(m, child),
      new RegExp(`^MESSAGE\nsubscription:s${id}\n`));
  }
});

// Publishes until the daemon wants to merge; the children's ids, the carrier
// first, and the merges, which are still unanswered.
async function untilMerge(m, children) {
  let sent = 0;
  await until(async () => {
    await publish(m, `before ${sent++}`);
    return m.controls.filter((text) => text.startsWith('merge')).length ===
      children.length - 1;
  }, 'merges');
  const merges = m.controls.splice(0);
  const [, carrier] = merges[0].match(/with=(0x\w{4})/);
  const seq = Number(merges[0].match(/seq=(\d+)/)[1]);
  for (const text of merges)
    assert.match(text, new RegExp(
      `^merge 0x\\w{4} with=${carrier} at=\\d+ seq=\\d+\r\n\r\n$`));
  return { merges, carrier: Number(carrier), seq, sent };
}

const memberOf = (text) => Number(text.match(/0x\w{4}/)[0]);
const count = (m, id) => m.messages.get(id)?.length ?? 0;

test('one copy of each message, once all are merged', async (t) => {
  const { m, ids } = await start(t, 5);
  const children = [];
  for (const id of ids)
    children.push((await subscribe(m, id)).child);
  const { merges, carrier } = await untilMerge(m, children);
  for (const text of merges)
    m.control(`merged ${hex(memberOf(text))}`);
  await publish(m, 'settle');
  const had = children.map((id) => count(m, id));
  for (let i = 0; i < 10; i++)
    await publish(m, `one copy ${i}`);
  await until(async () => {
    await publish(m, 'more');
    return count(m, carrier) > had[children.indexOf(carrier)] + 10;
  }, 'the carrier to get them');
  children.forEach((id, i) => assert.ok(id === carrier ||
    count(m, id) === had[i], `${hex(id)} got its own copy`));
  assert.doesNotMatch(m.messages.get(carrier).at(-1).payload.toString(),
    /subscription:|message-id:/);
  // The broker of the same process makes one, too.
  const [flow] = await daemon.table('flows');
  assert.deepEqual([flow.feeder, flow.subscriptions, flow.suppressed],
    ['server', 1, 0]);
});

test('a merge that is denied loses nothing', async (t) => {
  const { m, ids } = await start(t, 2);
  const children = [];
  for (const id of ids)
    children.push((await subscribe(m, id)).child);
  const { merges, carrier } = await untilMerge(m, children);
  const member = memberOf(merges[0]);
  await publish(m, 'meanwhile');
  m.control(`denied ${hex(member)} what=merge reason=no`);
  await publish(m, 'afterwards');
  const bodies = (id) => (m.messages.get(id) ?? []).map(({ payload }) =>
    payload.toString().split('\n\n')[1]);
  await until(async () => {
    await publish(m, 'more');
    return [member, carrier].every((id) =>
      bodies(id).includes('afterwards\0'));
  }, 'both to have all');
  const [one, other] = [bodies(member), bodies(carrier)];
  const both = Math.min(one.length, other.length);
  assert.deepEqual(one.slice(0, both), other.slice(0, both));
  assert.ok(one.slice(0, both).includes('meanwhile\0'));
});

test('the carrier leaves: another carries on', async (t) => {
  const { m, ids } = await start(t, 3);
  const children = [];
  for (const id of ids)
    children.push((await subscribe(m, id)).child);
  const { merges, carrier } = await untilMerge(m, children);
  for (const text of merges)
    m.control(`merged ${hex(memberOf(text))}`);
  await publish(m, 'settle');
  const index = children.indexOf(carrier);
  m.data(ids[index], `UNSUBSCRIBE\nid:s${ids[index]}\nreceipt:u\n\n\0`);
  assert.equal(await said(m, ids[index]), 'RECEIPT\nreceipt-id:u\n\n\0');
  const text = await m.next(new RegExp(
    `^destroy ${hex(carrier)} code=1000 seq=\\d+( carrier=0x\\w{4})?`));
  const next = text.match(/carrier=(0x\w{4})/);
  const seq = Number(text.match(/seq=(\d+)/)[1]);
  assert.ok(seq > 0);
  m.control(`destroy ${hex(carrier)} code=1000`);
  const rest = children.filter((id) => id !== carrier);
  const had = rest.map((id) => count(m, id));
  await publish(m, 'who has it');
  await until(async () => {
    await publish(m, 'more');
    return rest.some((id, i) => count(m, id) > had[i]);
  }, 'a new carrier');
  if (next)
    assert.ok(count(m, Number(next[1])) > 0);
});

test('B07: who may not subscribe gets ERROR, and no child', async (t) => {
  const { m, ids: [one] } = await start(t, 1);
  m.data(one, 'SUBSCRIBE\nid:s\ndestination:/topic/secret\n\n\0');
  assert.match(await said(m, one), /^ERROR\n/);
  await m.next(new RegExp(`^destroy ${hex(one)} code=1008`));
});

test('T12: a client\'s bytes do not enter a flow', async (t) => {
  const { m, ids: [one, two] } = await start(t, 2);
  const a = await subscribe(m, one);
  m.data(two, 'MESSAGE\nsubscription:s1\nmessage-id:1\n' +
    'destination:/topic/t\n\nforged\0');
  assert.match(await said(m, two), /^ERROR\n/);
  await publish(m, 'real');
  assert.match(await said(m, a.child), /real\0$/);
});

test('nothing is left', async () => {
  await until(async () => (await daemon.table('connections')).length === 0,
    'no connection');
});
