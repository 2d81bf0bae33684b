/* Keeps files below a folder: ig run trace_open --wasm-operator build/{{name}}.wasm,prefix=/etc/ */
#include "ig_operator.h"

IG_OPERATOR_MODULE()

static struct ig_handle path;
static char prefix[256];
static uint32_t prefix_size;

/* Called once. What ig_find finds is what the host fills in; a result other than 0 ends the run. */
IG_EXPORT(ig_init) int ig_init_(int op, const struct ig_init *table, uint32_t size)
{
	(void)op, (void)size;
	int error = ig_find(table, "open", "fname", &path);
	if (error)
		return error;
	prefix_size = ig_param(table, "prefix", prefix, sizeof(prefix));
	return 0;
}

/* Called for each batch: some rows, some hundreds. */
IG_EXPORT(ig_batch) int ig_batch_(int op, struct ig_batch *batch)
{
	(void)op;
	uint32_t *selection = ig_selection(batch);
	uint32_t kept = 0;
	for (uint32_t i = 0; i < batch->selected; i++) {
		uint32_t row = selection[i];
		if (ig_starts_with(ig_value(batch, &path, row), prefix, prefix_size))
			selection[kept++] = row;
	}
	batch->selected = kept;
	return 0;
}
