// An MCP client that knows nothing but an address, from the official TypeScript packages: it signs in, calls, refreshes, and gives its access back.
// usage: node oauth-client.mjs v1|v2 URL TOOL
// Prints "open ADDRESS" for the browser, and one line of JSON at the end. It takes the answer at an address of its own, as programs on a desk do.
import { createServer } from 'node:http';

const [mode, url, tool] = process.argv.slice(2);
const { Client, StreamableHTTPClientTransport } = mode === 'v1'
  ? { ...(await import('@modelcontextprotocol/sdk/client/index.js')), ...(await import('@modelcontextprotocol/sdk/client/streamableHttp.js')) }
  : await import('@modelcontextprotocol/client');
const { auth } = mode === 'v1' ? await import('@modelcontextprotocol/sdk/client/auth.js') : await import('@modelcontextprotocol/client');

let answered;
const answer = new Promise((resolve) => { answered = resolve; });
const listener = createServer((request, response) => {
  answered(new URL(request.url, 'http://127.0.0.1').searchParams);
  response.end('You can close this window.');
});
await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));

const kept = {};
const provider = {
  redirectUrl: `http://127.0.0.1:${listener.address().port}/callback`,
  get clientMetadata() {
    return { client_name: `Test client ${mode}`, redirect_uris: [this.redirectUrl], grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], token_endpoint_auth_method: 'none' };
  },
  state: () => 'state-of-the-client',
  clientInformation: () => kept.client,
  saveClientInformation: (client) => { kept.client = client; },
  tokens: () => kept.tokens,
  saveTokens: (tokens) => { kept.tokens = tokens; },
  redirectToAuthorization: (address) => console.log(`open ${address}`),
  saveCodeVerifier: (verifier) => { kept.verifier = verifier; },
  codeVerifier: () => kept.verifier,
  saveDiscoveryState: (state) => { kept.discovery = state; },
  discoveryState: () => kept.discovery,
};

const connect = async () => {
  const client = new Client({ name: `oauth-test-${mode}`, version: '1.0.0' }, mode === 'v1' ? undefined : { versionNegotiation: { mode: 'auto' } });
  const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider });
  try {
    await client.connect(transport);
    return { client };
  } catch (error) {
    return { error, transport };
  }
};

// The first try ends with a page to open.
const first = await connect();
const params = await answer;
await (mode === 'v1' ? first.transport.finishAuth(params.get('code')) : first.transport.finishAuth(params));
const { client, error } = await connect();
if (error) throw error;
const { tools } = await client.listTools();
const called = await client.callTool({ name: tool, arguments: {} });

// Refresh, and call with what came of it.
const before = kept.tokens;
await auth(provider, { serverUrl: url });
const refreshed = await client.callTool({ name: tool, arguments: {} });

// Give it all back.
const metadata = await (await fetch(new URL('/.well-known/oauth-authorization-server', url))).json();
const revoked = await fetch(metadata.revocation_endpoint, {
  method: 'POST', body: new URLSearchParams({ token: kept.tokens.refresh_token, client_id: kept.client.client_id }),
});
const refused = await fetch(url, { method: 'POST', headers: { Authorization: `Bearer ${kept.tokens.access_token}`, 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' }, body: '{}' });
console.log(JSON.stringify({
  error: first.error?.constructor.name,
  state: params.get('state'), iss: params.get('iss'), issuer: metadata.issuer, scope: before.scope,
  tools: tools.map((t) => t.name), sha256: called.structuredContent?.sha256, again: refreshed.structuredContent?.sha256,
  rotated: kept.tokens.refresh_token !== before.refresh_token && kept.tokens.access_token !== before.access_token,
  revoked: revoked.status, refused: refused.status, challenge: refused.headers.get('www-authenticate'),
}));
await client.close().catch(() => {});
listener.close();
process.exit(0);
