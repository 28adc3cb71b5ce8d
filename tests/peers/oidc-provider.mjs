// A certified OpenID provider with two made-up people and one-click sign-in; its clients come as JSON in CLIENTS.
import Provider from 'oidc-provider';
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';

const key = (type, options, alg) => ({ ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: alg });

const people = {
  ana: { name: 'Ana', email: 'ana@peer.test', email_verified: true, roles: ['member'] },
  cara: { name: 'Cara', email: 'cara@peer.test', email_verified: true, roles: ['portal-admin'] },
};
const server = createServer();
await new Promise((resolve) => server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
const provider = new Provider(issuer, {
  clients: JSON.parse(process.env.CLIENTS),
  cookies: { keys: ['only-for-tests'] },
  claims: { openid: ['sub', 'roles', 'sid'], profile: ['name'], email: ['email', 'email_verified'] },
  conformIdTokenClaims: process.env.CONFORM === '1',
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => { ctx.body = `<html><body>${form}</body></html>`; },
    },
  },
  jwks: { keys: [key('rsa', { modulusLength: 2048 }, 'RS256'), key('ec', { namedCurve: 'P-256' }, 'ES256')] },
  // The default refuses to call loopback addresses; here the portal under test is one.
  fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
  pkce: { required: () => true },
  findAccount: (_ctx, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope('openid profile email');
    await grant.save();
    return grant;
  },
});
const handle = provider.callback();
server.on('request', async (request, response) => {
  if (request.url.startsWith('/interaction/')) {
    const details = await provider.interactionDetails(request, response);
    const login = details.params.login_hint in people ? details.params.login_hint : 'ana';
    await provider.interactionFinished(request, response, { login: { accountId: login } }, { mergeWithLastSubmission: false });
    return;
  }
  handle(request, response);
});
provider.on('server_error', (_ctx, error) => console.error('server_error', error));
provider.on('backchannel.error', (_ctx, error) => console.error('backchannel.error', error.message, error.cause));
provider.on('backchannel.success', () => console.log('backchannel.success'));
console.log(`oidc-provider ready: ${issuer}`);
