/** The command `ig`. Starts fast: everything but the path that is taken is imported when it is taken. */
import { report } from './report.js';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const args = process.argv.slice(2);

async function run(): Promise<number> {
	if (major < 20 || (major === 20 && minor < 11)) {
		const { IgError } = await import('../errors.js');
		throw new IgError('IG_NO_NODE_VERSION', { found: process.versions.node, needed: '20.11' });
	}
	if (args.length === 1 && (args[0] === '--version' || args[0] === 'version')) {
		const { printVersion } = await import('./version.js');
		await printVersion();
		return 0;
	}
	const { main } = await import('./program.js');
	return await main(args);
}

// Node's own compile cache (22.1 and later) halves the time that imports take.
if (major >= 22) (process.getBuiltinModule?.('node:module') as { enableCompileCache?(): void } | undefined)?.enableCompileCache?.();
try {
	process.exitCode = await run();
} catch (error) {
	process.exitCode = report(error, args);
}
