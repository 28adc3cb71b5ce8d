// A client of the portal's gateway, from the official TypeScript packages.
// usage: node gateway-client.mjs v1|v2-legacy|v2-auto URL KEY TOOL   prints one line of JSON: { tools, text, version }
const [mode, url, key, tool] = process.argv.slice(2);
const info = { name: `gateway-test-${mode}`, version: '1.0.0' };
const requestInit = { headers: { Authorization: `Bearer ${key}` } };

async function connect() {
  if (mode === 'v1') {
    const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
    const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/sdk/client/streamableHttp.js');
    const client = new Client(info);
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
    return client;
  }
  const { Client, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
  const client = new Client(info, { versionNegotiation: { mode: mode === 'v2-auto' ? 'auto' : 'legacy' } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  return client;
}

const client = await connect();
const { tools } = await client.listTools();
const result = await client.callTool({ name: tool, arguments: {} });
console.log(JSON.stringify({ tools: tools.map((t) => t.name), sha256: result.structuredContent?.sha256, isError: result.isError ?? false }));
await client.close();
