/** `ig operator build`: a project's module, by the language's own tools, with its manifest in it. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { basename, delimiter, join, relative, resolve } from 'node:path';
import { IgError } from '../../errors.js';
import { root } from '../../root.js';
import { type Language, languageOf } from './languages.js';
import { withManifest } from '../../operator/manifest.js';

/** The first of these programs that is there. */
function find(...names: string[]): string | undefined {
	const folders = (process.env.PATH ?? '').split(delimiter);
	for (const name of names) for (const folder of folders) if (existsSync(join(folder, name))) return join(folder, name);
	return undefined;
}

function missing(language: Language, tool: string, hint: string): never {
	throw new IgError('IG_TOOLCHAIN', { language: language.name, tool, hint });
}

/** Runs a compiler; what it says goes to stderr. @returns its stdout. @throws IgError IG_OPERATOR_BUILD */
function compile(folder: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
	const result = spawnSync(command, args, {
		...{ cwd: folder, encoding: 'utf8', maxBuffer: 64 << 20, stdio: ['ignore', 'pipe', 'inherit'] },
		env: { ...process.env, ...env },
	});
	if (result.status === 0) return result.stdout;
	const reason = result.error?.message ?? (result.signal === null ? `ended with ${result.status}` : `was ended by ${result.signal}`);
	throw new IgError('IG_OPERATOR_BUILD', { folder, reason: `${basename(args[0]?.endsWith('js') ? args[0] : command)} ${reason}` });
}

const stdoutOf = (command: string, ...args: string[]): string => spawnSync(command, args, { encoding: 'utf8' }).stdout?.trim() ?? '';

const RUST_TARGET = 'wasm32-unknown-unknown';

function rust(folder: string, language: Language): string {
	const hint = `install Rust (rustup.rs), then \`rustup target add ${RUST_TARGET}\`; on Debian: apt-get install rustc-web cargo-web rust-web-src lld`;
	if (find('cargo') === undefined || find('rustc') === undefined) missing(language, 'cargo', hint);
	const library = (rustc: string): string => join(stdoutOf(rustc, '--print', 'sysroot'), 'lib/rustlib');
	const ready = existsSync(join(library('rustc'), RUST_TARGET)) || existsSync(join(library('/usr/bin/rustc'), 'src/rust/library/std'));
	if (!ready)
		missing(
			language,
			`Rust's target ${RUST_TARGET}`,
			`run \`rustup target add ${RUST_TARGET}\`; on Debian: apt-get install rust-web-src lld`,
		);
	const said = compile(folder, 'sh', [join(root, 'scripts/cargo-wasm.sh'), '--quiet', '--message-format=json-render-diagnostics']);
	const artifacts = said
		.split('\n')
		.filter((line) => line.includes('"compiler-artifact"'))
		.flatMap((line) => (JSON.parse(line) as { filenames: string[] }).filenames);
	const wasm = artifacts.filter((file) => file.endsWith('.wasm')).at(-1);
	if (wasm !== undefined) return wasm;
	throw new IgError('IG_OPERATOR_BUILD', { folder, reason: 'cargo made no module: Cargo.toml needs crate-type = ["cdylib"] under [lib]' });
}

function assemblyscript(folder: string, language: Language, out: string): string {
	// The project's own compiler if it has one, else the one that came with this installation: nothing has to be installed.
	const modules = [join(folder, 'node_modules'), join(root, 'node_modules')];
	const compiler = modules.map((path) => join(path, 'assemblyscript/bin/asc.js')).find((path) => existsSync(path));
	if (compiler === undefined) missing(language, 'its compiler', 'run `npm install` in the project');
	const paths = modules.filter((path) => existsSync(path)).flatMap((path) => ['--path', path]);
	const args = [compiler, 'index.ts', '--config', join(root, 'sdk-as/asconfig.json'), ...paths, '--outFile', out];
	// Where that is set, it colours what is no terminal, too.
	compile(folder, process.execPath, args, { CI: undefined });
	return out;
}

/** Debian's names end in one. */
const CLANG_VERSIONS = [22, 21, 20, 19, 18, 17, 16, 15, 14];

/** clang looks for the linker beside itself and in PATH; Rust brings one, too. */
function wasmLinker(clang: string): string | undefined {
	const version = /\d+$/.exec(clang)?.[0];
	const found = find(
		...(version === undefined ? [] : [`wasm-ld-${version}`]),
		'wasm-ld',
		...CLANG_VERSIONS.map((version) => `wasm-ld-${version}`),
	);
	if (found !== undefined || find('rustc') === undefined) return found;
	const host = /^host: (.+)$/m.exec(stdoutOf('rustc', '-vV'))?.[1] ?? '';
	const bundled = join(stdoutOf('rustc', '--print', 'sysroot'), 'lib/rustlib', host, 'bin/gcc-ld/wasm-ld');
	return existsSync(bundled) ? bundled : undefined;
}

const CLANG_FLAGS = ['--target=wasm32', '-std=c17', '-O3', '-ffreestanding', '-nostdlib', '-mbulk-memory', '-Wall', '-Wextra'];

function c(folder: string, language: Language, out: string): string {
	const clang = find('clang', ...CLANG_VERSIONS.map((version) => `clang-${version}`));
	if (clang === undefined) missing(language, 'clang', 'install it; on Debian: apt-get install clang lld');
	const linker = wasmLinker(clang);
	if (linker === undefined) missing(language, 'wasm-ld', "install LLVM's linker; on Debian: apt-get install lld");
	const headers = [`-I${join(root, 'sdk-c')}`, `-I${join(root, 'native')}`];
	compile(folder, clang, [
		...CLANG_FLAGS,
		...headers,
		`-fuse-ld=${linker}`,
		'-Wl,--no-entry',
		'-Wl,--strip-debug',
		'-o',
		out,
		'operator.c',
	]);
	return out;
}

/** The first with //go:wasmexport. */
const GO_MINOR = 24;

function go(folder: string, language: Language, out: string): string {
	const hint = `install it from go.dev/dl; Go 1.${GO_MINOR} or later`;
	const usual = '/usr/local/go/bin/go';
	const found = find('go') ?? (existsSync(usual) ? usual : undefined);
	if (found === undefined) missing(language, 'go', hint);
	// Never fetches another toolchain or a module: what is needed is here.
	const env = { GOTOOLCHAIN: 'local', GOFLAGS: '' };
	const version = spawnSync(found, ['env', 'GOVERSION'], { encoding: 'utf8', env: { ...process.env, ...env } }).stdout?.trim() ?? '';
	const [, major = '0', minor = '0'] = /^go(\d+)\.(\d+)/.exec(version) ?? [];
	if (Number(major) === 1 && Number(minor) < GO_MINOR) missing(language, `Go 1.${GO_MINOR} or later (this is ${version})`, hint);
	const target = { ...env, GOOS: 'wasip1', GOARCH: 'wasm' };
	compile(folder, found, ['build', '-trimpath', '-ldflags=-s -w', '-buildmode=c-shared', '-o', out, '.'], target);
	return out;
}

function js(folder: string, language: Language, out: string): string {
	const sdk = join(root, 'sdk-js');
	if (!existsSync(join(sdk, 'node_modules/@bytecodealliance/componentize-js'))) {
		missing(language, 'an engine for components', `run \`npm ci --prefix ${sdk}\` once; it fetches some 100 MB`);
	}
	compile(folder, process.execPath, [join(sdk, 'build.mjs'), 'index.js', out]);
	return out;
}

const builders: Readonly<Record<string, (folder: string, language: Language, out: string) => string>> = { rust, assemblyscript, c, js, go };

/** What the module is called: as its manifest says, else as its folder. */
function nameOf(folder: string): string {
	try {
		const { operators } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as { operators: { name: string }[] };
		const name = operators[0]?.name;
		if (typeof name === 'string' && /^[\w.-]+$/.test(name)) return name;
	} catch {
		// Said when it is attached, or the source has its own.
	}
	return basename(folder);
}

/** Where a project's module is or will be. @throws IgError IG_OPERATOR_PROJECT */
export function moduleOf(directory: string): string {
	languageOf(directory);
	return join(directory, 'build', `${nameOf(resolve(directory))}.wasm`);
}

/**
 * Builds a project.
 * @returns the module's path
 * @throws IgError IG_OPERATOR_PROJECT, IG_TOOLCHAIN, IG_OPERATOR_BUILD
 */
export function buildProject(directory: string): string {
	const folder = resolve(directory);
	const language = languageOf(folder);
	mkdirSync(join(folder, 'build'), { recursive: true });
	const file = moduleOf(folder);
	const built = (builders[language.name] as (typeof builders)[string])(folder, language, `${file}.new`);
	const manifest = join(folder, 'manifest.json');
	let bytes: Uint8Array = readFileSync(built);
	if (existsSync(manifest)) bytes = withManifest(bytes, readFileSync(manifest, 'utf8'), manifest);
	writeFileSync(`${file}.new`, bytes);
	// At once, for who watches it.
	renameSync(`${file}.new`, file);
	return file;
}

/** @returns the exit code */
export async function buildCommand(directory: string): Promise<number> {
	const file = buildProject(directory);
	const { loadModule } = await import('../../operator/load.js');
	await loadModule(file);
	process.stdout.write(`${relative(process.cwd(), file)} (${(statSync(file).size / 1024).toFixed(1)} KiB)\n`);
	return 0;
}
