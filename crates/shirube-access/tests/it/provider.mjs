// Runs the certified `oidc-provider` on loopback for the tests: issuer on a free
// port, under the name `host`; any name signs in, `rotate` on the standard input changes its keys.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import http from 'node:http';
import path from 'node:path';
import readline from 'node:readline';
import { pathToFileURL } from 'node:url';

const [modules, redirect, host = '127.0.0.1'] = process.argv.slice(2);
const entry = path.join(modules, 'oidc-provider', 'lib', 'index.js');
const { default: Provider } = await import(pathToFileURL(entry));

const people = {
  lead: { name: '主担当 花子', preferred_username: 'hanako', groups: ['shirube-lead'] },
  registrar: { name: 'Registrar', preferred_username: 'registrar', groups: ['shirube-registrar'] },
  plain: { name: 'Nobody', preferred_username: 'No Body!', groups: [] },
  moved: { name: 'Moved', preferred_username: 'moved', groups: ['shirube-lead'] },
};

function client(id) {
  return {
    client_id: id,
    client_secret: `secret-of-${id}`,
    redirect_uris: [redirect],
    response_types: ['code'],
    grant_types: ['authorization_code'],
  };
}

function provider(issuer) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' };
  return new Provider(issuer, {
    clients: [client('shirube'), client('another')],
    jwks: { keys: [key] },
    cookies: { keys: ['tests only'] },
    pkce: { required: () => true, methods: ['S256'] },
    scopes: ['openid'],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'groups'] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: true } },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: `subject-of-${id}`, ...(people[id] ?? {}) }),
    }),
  });
}

let handle;
const server = http.createServer((request, response) => handle(request, response));
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://${host}:${server.address().port}`;
  handle = provider(issuer).callback();
  console.log(`ready ${issuer}`);
  readline.createInterface({ input: process.stdin }).on('line', (line) => {
    const [word, name, group] = line.split(' ');
    if (word === 'rotate') handle = provider(issuer).callback();
    if (word === 'group') people[name].groups = [group];
    console.log(`done ${word}`);
  }).on('close', () => process.exit(0));
});
