/** What a test that expects an error looks at. */
import { IgError } from '../../host/errors.js';

/** The IgError that `run` throws; anything else is the test's failure. */
export function errorOf(run: () => unknown): IgError {
	try {
		run();
	} catch (error) {
		if (error instanceof IgError) return error;
		throw error;
	}
	throw new Error('no error');
}
