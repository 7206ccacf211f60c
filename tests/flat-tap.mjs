// SPDX-License-Identifier: Apache-2.0
// A reporter for node's test runner: TAP without nesting, one line for each
// leaf. A suite, or a test with tests inside, gets a line only when it failed
// by itself, for instance in a hook.

const oneLine = (text) => text.replace(/[\r\n]+/g, ' ').replace(/#/g, '\\#');
const comment = (text) => String(text).trimEnd().split('\n')
  .map((line) => `# ${line}\n`).join('');
const SUMMARY = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /;

export default async function* flatTap(source) {
  const path = []; // names of the open tests, by nesting
  const inner = []; // whether the open test at this nesting had tests inside
  let count = 0;

  for await (const { type, data } of source) {
    const depth = data.nesting ?? 0;
    switch (type) {
    case 'test:start':
      path.length = depth;
      path[depth] = data.name;
      inner.length = depth;
      inner[depth] = false;
      if (depth > 0)
        inner[depth - 1] = true;
      break;
    case 'test:pass':
    case 'test:fail': {
      const error = data.details?.error;
      const group = inner[depth] || data.details?.type === 'suite';
      const own = type === 'test:fail' && error?.failureType !== 'subtestsFailed';
      if (group && !own)
        break;
      const name = oneLine([...path.slice(0, depth), data.name].join(': '));
      let note = '';
      if (data.skip !== undefined)
        note = ` # SKIP ${oneLine(String(data.skip === true ? '' : data.skip))}`;
      else if (data.todo !== undefined)
        note = ` # TODO ${oneLine(String(data.todo === true ? '' : data.todo))}`;
      yield `${type === 'test:fail' ? 'not ' : ''}ok ${++count} - ${name}${note}\n`;
      if (type === 'test:fail' && error)
        yield comment(error.cause?.stack ?? error.cause ?? error.stack ?? error);
      break;
    }
    case 'test:stdout':
    case 'test:stderr':
      yield comment(data.message);
      break;
    case 'test:diagnostic':
      if (depth > 0 || !SUMMARY.test(data.message))
        yield comment(data.message);
      break;
    }
  }
  yield `1..${count}\n`;
}
