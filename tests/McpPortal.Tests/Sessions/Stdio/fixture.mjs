// A tool server without dependencies that tries to see and to break what an isolated program must not.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { connect } from 'node:net';
import fs from 'node:fs';
import os from 'node:os';

const attempt = action => {
  try {
    return action();
  } catch (error) {
    return error.code ?? String(error);
  }
};

const started = command => new Promise(resolve => {
  command.on('spawn', () => resolve('started'));
  command.on('error', error => resolve(error.code));
});

const put = (stream, data) => new Promise(resolve => stream.write(data, resolve));

const tools = {
  printenv: () => process.env,
  argv: () => [process.execArgv, process.argv.slice(2)],
  where: () => ({ cwd: process.cwd(), uid: process.getuid(), gid: process.getgid(), groups: process.getgroups(), pid: process.pid, tmp: os.tmpdir() }),
  status: () => fs.readFileSync('/proc/self/status', 'utf8'),
  limits: () => fs.readFileSync('/proc/self/limits', 'utf8'),
  files: () => fs.readdirSync('/proc/self/fd').map(fd => attempt(() => fs.readlinkSync(`/proc/self/fd/${fd}`))),
  // Everything of every process this one can see.
  readproc: () => fs.readdirSync('/proc').filter(name => /^\d+$/.test(name) && Number(name) !== process.pid).map(pid => ({
    pid: Number(pid),
    environ: attempt(() => fs.readFileSync(`/proc/${pid}/environ`, 'utf8')),
    cmdline: attempt(() => fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8')),
    root: attempt(() => fs.readdirSync(`/proc/${pid}/root/tmp`).join()),
  })),
  read: ({ path }) => attempt(() => fs.readFileSync(path, 'utf8')),
  list: ({ path }) => attempt(() => fs.readdirSync(path)),
  write: ({ path, megabytes }) => attempt(() => {
    const file = fs.openSync(path, 'w', 0o666);
    const block = Buffer.alloc(1 << 20, 1);
    let written = 0;
    for (; written < (megabytes ?? 0); written++) {
      fs.writeSync(file, block);
    }
    return 'written';
  }),
  knock: ({ path }) => new Promise(resolve => {
    const socket = connect(path, () => resolve('connected'));
    socket.on('error', error => resolve(error.code));
  }),
  // detached is setsid(2).
  grandchild: async ({ marker }) => started(spawn('/bin/sleep', [marker], { detached: true, stdio: 'inherit' })),
  fork: async ({ count }) => {
    const outcomes = [];
    for (let i = 0; i < count; i++) {
      outcomes.push(attempt(() => {
        const child = spawn('/bin/sleep', ['600'], { detached: true, stdio: 'ignore' });
        child.on('error', () => {});
        return child.pid ? 'started' : 'refused';
      }));
    }
    return { started: outcomes.filter(o => o === 'started').length, refused: outcomes.filter(o => o !== 'started').length };
  },
  allocate: ({ megabytes }) => {
    const blocks = [];
    for (let i = 0; i < megabytes; i += 64) {
      blocks.push(Buffer.alloc(64 << 20, 1));
    }
    return blocks.length;
  },
  sleep: ({ milliseconds }) => new Promise(resolve => setTimeout(() => resolve('slept'), milliseconds)),
  crash: () => process.exit(42),
  spew: async ({ megabytes }) => {
    const block = Buffer.alloc(1 << 20, 'a');
    for (let i = 0; i < megabytes; i++) {
      await put(process.stdout, block);
    }
    return 'spewed';
  },
  garbage: async ({ lines }) => {
    for (let i = 0; i < lines; i++) {
      await put(process.stdout, Buffer.from([0xff, 0xfe, 0x7b, 0x80, 0x0a]));
      await put(process.stdout, `log line ${i}\n{"jsonrpc":"2.0","method":1,"method":2}\n`);
    }
    return 'done';
  },
  flood: async ({ lines, text }) => {
    for (let i = 0; i < lines; i++) {
      await put(process.stderr, `${text} ${i}\n`);
    }
    return 'done';
  },
  large: ({ megabytes }) => 'x'.repeat(megabytes << 20),
  deaf: () => {
    lines.pause();
    process.stdin.pause();
    return 'deaf';
  },
  // Asks much of the client without listening, then says how many answers came.
  demand: async ({ count }) => {
    lines.pause();
    process.stdin.pause();
    for (let i = 0; i < count; i++) {
      await put(process.stdout, `{"jsonrpc":"2.0","id":"d${i}","method":"ping"}\n`);
    }
    process.stdin.resume();
    lines.resume();
    await new Promise(resolve => setTimeout(resolve, 1000));
    return replies;
  },
  stubborn: () => {
    process.on('SIGTERM', () => {});
    lines.removeAllListeners('close');
    setInterval(() => {}, 1000);
    return 'stubborn';
  },
};

const answer = async ({ method, params }) => {
  switch (method) {
    case 'initialize':
      return { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'fixture', version: '1' } };
    case 'tools/list':
      return { tools: Object.keys(tools).map(name => ({ name, inputSchema: { type: 'object' } })) };
    case 'tools/call':
      return { content: [{ type: 'text', text: JSON.stringify(await tools[params.name](params.arguments ?? {})) }] };
    default:
      throw new Error(`no method ${method}`);
  }
};

let replies = 0;
const lines = createInterface({ input: process.stdin });
lines.on('line', async line => {
  const message = JSON.parse(line);
  if (message.method === undefined) {
    replies++;
    return;
  }
  if (message.id === undefined) {
    return;
  }
  const reply = await answer(message).then(result => ({ result }), error => ({ error: { code: -32601, message: error.message } }));
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id: message.id, ...reply })}\n`);
});
lines.on('close', () => process.exit(0));
