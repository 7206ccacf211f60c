// What the page has set, and the extensions that halves have registered.
const VERSION = '@VERSION@';
const EXTENSIONS = new Map();

const settings = {
  challenge: undefined,  // (info) => credentials or null, or a promise of them
  share: true,           // true: in this page or worker; 'tabs'; false
  worker: undefined,     // the script of share = 'tabs'
  handshake: true,       // false: every socket is a plain one
  linger: 5000,          // ms that a connection without channels is kept
};

function configure(options = {}) {
  for (const [name, value] of Object.entries(options)) {
    if (!(name in settings))
      throw new TypeError(`headgate has no option ${name}`);
    settings[name] = value;
  }
}

function register(extension) {
  if (!TOKEN.test(extension?.name) || typeof extension.accept !== 'function')
    throw new TypeError('an extension has a name and accept()');
  EXTENSIONS.set(extension.name, extension);
}

// The offers of one handshake, as texts. Their order is that of the chain, and
// what puts marks between the messages has to be nearest the wire.
function offers(url) {
  const list = [];
  const all = [...EXTENSIONS.values()];
  for (const { name, offer } of [...all.filter(({ marks }) => !marks),
    ...all.filter(({ marks }) => marks)]) {
    const params = offer ? offer({ url: url.href, share: settings.share !==
      false }) : {};
    if (params)
      list.push(formatExtension(name, params));
  }
  return list;
}

// Where the challenge callback's answer goes: the value of Authorization.
// null: the page has none.
function authorizationOf(answer) {
  const value = typeof answer === 'string' ? answer :
    answer?.authorization ?? (answer?.username === undefined ? null :
      `Basic ${btoa(latin1(encode(`${answer.username}:${answer.password ??
        ''}`)))}`);
  if (value === null || value === undefined)
    return null;
  if (value === '' || !FIELD_VALUE.test(value))
    throw new TypeError('not a value of Authorization');
  return value;
}

// Answers of the page, by origin and challenge: who is asked the same by the same
// server has the same answer, also while the page is still thinking about it.
const ANSWERS_MAX = 100;
const answers = new Map(); // { promise, value }; value: what it came to

async function askPage(request, header, round) {
  const challenge = request.challenge ?? settings.challenge;
  if (typeof challenge !== 'function')
    return null;
  return authorizationOf(await challenge({
    url: request.url.href, protocols: [...request.protocols], round,
    header, scheme: /^\s*([^\s,]+)/.exec(header)?.[1] ?? '',
    realm: /\brealm="((?:[^"\\]|\\.)*)"/i.exec(header)?.[1] ?? '',
  }));
}

// A promise of the value of Authorization, or of null: the page has none. What
// was tried already is not given again.
function askCredentials(request, response, round) {
  const header = response.fields.get('WWW-Authenticate') ?? '';
  const key = `${request.url.origin} ${header}`;
  const known = answers.get(key);
  if (known && (known.value === undefined ||
      known.value !== request.authorization))
    return known.promise;
  const answer = { promise: askPage(request, header, round) };
  const forget = () => {
    if (answers.get(key) === answer)
      answers.delete(key);
  };
  answers.delete(known ? key : answers.size < ANSWERS_MAX ? undefined :
    answers.keys().next().value);
  answers.set(key, answer);
  answer.promise.then((value) => {
    answer.value = value;
    if (value === null)
      forget();
  }, forget);
  return answer.promise;
}
