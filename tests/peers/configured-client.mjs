// An AI client that is set up with a configuration file and nothing else, from the official TypeScript package.
// usage: node configured-client.mjs TOOL <CONFIGURATION   prints one line of JSON: { tools, text, isError }
import { readFileSync } from 'node:fs';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const file = JSON.parse(readFileSync(0, 'utf8'));
const [[name, server]] = Object.entries(file.mcpServers ?? file.servers);
if (server.type !== 'http') { throw new Error(`${name} is of type ${server.type}`); }

const client = new Client({ name: 'configured-client', version: '1.0.0' });
await client.connect(new StreamableHTTPClientTransport(new URL(server.url), { requestInit: { headers: server.headers } }));
const { tools } = await client.listTools();
const result = await client.callTool({ name: process.argv[2], arguments: {} });
console.log(JSON.stringify({ tools: tools.map((tool) => tool.name), text: result.content.map((part) => part.text).join(''), isError: result.isError ?? false }));
await client.close();
