// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Markers: variables that are never read. Their names in the object's BTF tell the loader what the gadget
// offers. ___ (three underscores) separates the parts of a name, so no part may contain it.
#ifndef GADGET_MACROS_H
#define GADGET_MACROS_H

#define GADGET_MARKER(name) const void *name __attribute__((unused))

// clang leaves a type out of BTF unless something refers to it: a program that only writes through a
// pointer from a helper may not.
#define GADGET_KEEP_TYPE(marker, type) const type *marker __attribute__((unused))

// A data source of single events: records of `struct event_type` that come through `map`.
#define GADGET_TRACER(name, map, event_type)                   \
	GADGET_MARKER(gadget_tracer_##name##___##map##___##event_type); \
	GADGET_KEEP_TYPE(__gadget_tracer_type_##name, struct event_type)

// A parameter: a `const volatile` variable that the user may set before the programs are loaded. The
// verifier knows its value then, and removes the code that it makes unreachable.
#define GADGET_PARAM(variable) GADGET_MARKER(gadget_param_##variable)

// A program that is loaded only when its boolean parameter `param` is set, or `all` is and no other parameter of `all`'s
// programs: so all are used until some are named. One whose hook this kernel does not have is left out.
#define GADGET_OPTIONAL(program, param, all) GADGET_MARKER(gadget_optional_##program##___##param##___##all)

// A data source of arrays: what the iterator programs write when they are run.
#define GADGET_ITER_1(name, event_type, p1)                    \
	GADGET_MARKER(gadget_iter_##name##___##event_type##___##p1); \
	GADGET_KEEP_TYPE(unusedevent_##name##___##event_type, struct event_type)
#define GADGET_ITER_2(name, event_type, p1, p2)                         \
	GADGET_MARKER(gadget_iter_##name##___##event_type##___##p1##___##p2); \
	GADGET_KEEP_TYPE(unusedevent_##name##___##event_type, struct event_type)
#define GADGET_ITER_3(name, event_type, p1, p2, p3)                              \
	GADGET_MARKER(gadget_iter_##name##___##event_type##___##p1##___##p2##___##p3); \
	GADGET_KEEP_TYPE(unusedevent_##name##___##event_type, struct event_type)
#define GADGET_ITER_PICK(p1, p2, p3, macro, ...) macro
#define GADGET_ITER(name, event_type, ...)                                                   \
	GADGET_ITER_PICK(__VA_ARGS__, GADGET_ITER_3, GADGET_ITER_2, GADGET_ITER_1, unused) \
	(name, event_type, __VA_ARGS__)
#define GADGET_SNAPSHOTTER(...) GADGET_ITER(__VA_ARGS__)

// A data source of arrays: the entries of a hash map, taken out of it at intervals.
#define GADGET_MAPITER(name, map) GADGET_MARKER(gadget_mapiter_##name##___##map)

// The map that an iter/bpf_map_elem program goes through, or that an sk_skb/sk_msg program serves.
#define GADGET_ITER_TARGET_MAP(program, map) GADGET_MARKER(gadget_mapelem_iter_target_##program##___##map)
#define GADGET_SK_TARGET_MAP(program, map) GADGET_MARKER(gadget_sk_prog_target_##program##___##map)

#endif
