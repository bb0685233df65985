// Starts a simulator as a process of its own and speaks to its control surface,
// as somebody does who has never seen a line of its code.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const binary = process.env.FRONTDESK_BIN ?? new URL('../../bin/frontdesk', import.meta.url).pathname;

// start runs `frontdesk sim <kind>` with the variables given and nothing else of
// this environment, and resolves once it has said where it listens.
export async function start(kind, env) {
  const child = spawn(binary, ['sim', kind, '--addr', '127.0.0.1:0'], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = [];
  child.stderr.on('data', (data) => said.push(data));
  const origin = await new Promise((resolve, reject) => {
    const deadline = setTimeout(() => reject(new Error(`sim ${kind} says no address`)), 20_000);
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`sim ${kind} ended with ${code}: ${Buffer.concat(said)}`)));
    createInterface(child.stdout).on('line', (line) => {
      const found = line.match(/http:\/\/127\.0\.0\.1:\d+/);
      if (!found) return;
      clearTimeout(deadline);
      resolve(found[0]);
    });
  });
  return new Simulator(origin, child);
}

class Simulator {
  constructor(origin, child) {
    this.origin = origin;
    this.child = child;
  }

  // look reads from the control surface.
  async look(path) {
    return answer(await fetch(`${this.origin}/sim/${path}`));
  }

  // tell makes the simulator, or a person in it, do something.
  async tell(path, body = {}, method = 'POST') {
    const response = await fetch(`${this.origin}/sim/${path}`, {
      method,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    return answer(response);
  }

  // stop ends the process and fails unless it ends in an orderly way.
  async stop() {
    this.child.removeAllListeners('exit');
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    const [code, signal] = await ended;
    if (code !== 0) throw new Error(`the simulator ended with ${code ?? signal}`);
  }
}

async function answer(response) {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
