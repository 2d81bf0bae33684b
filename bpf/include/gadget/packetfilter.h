// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Packet filters that the user writes (--pf 'tcp port 80'), in programs that see packets.
//
//	GADGET_PF();
//	…
//	if (!gadget_pf_matches(skb, data, data_end))
//		return TC_ACT_UNSPEC;
//
// The loader puts the compiled filter in the place of the function that GADGET_PF declares; without a filter
// it takes every packet. A gadget may have several, told apart by a name: GADGET_PF(inner), --pf-inner.
//
// For classifiers. data may be further on in the packet, which must then look like a frame; what lies behind data_end is
// found, too. skb->cb[1] is the host's: whether packets of this interface begin with their IP header (tunnels) or with an
// Ethernet header, which the filter must know.
#ifndef GADGET_PACKETFILTER_H
#define GADGET_PACKETFILTER_H

// skb stands in the first three arguments, so that the filter finds r1 to r3 free to use; the comparisons keep the
// compiler from leaving any argument out.
#define GADGET_PF(name)                                                                                       \
	static __noinline bool gadget_pf_##name(void *skb, void *same, void *again, void *data, void *data_end) \
	{                                                                                                     \
		return skb == same && same == again && data != data_end;                                      \
	}

#define GADGET_PF_CALL(name, skb, data, data_end) gadget_pf_##name(skb, skb, skb, data, data_end)
#define GADGET_PF_CALL_NAMED(name, skb, data, data_end) GADGET_PF_CALL(name, skb, data, data_end)
#define GADGET_PF_CALL_UNNAMED(skb, data, data_end) GADGET_PF_CALL(, skb, data, data_end)
#define GADGET_PF_PICK(a, b, c, d, macro, ...) macro
// gadget_pf_matches([name, ]skb, data, data_end): whether the filter takes the packet between data and data_end.
#define gadget_pf_matches(...) \
	GADGET_PF_PICK(__VA_ARGS__, GADGET_PF_CALL_NAMED, GADGET_PF_CALL_UNNAMED, unused, unused)(__VA_ARGS__)

#endif
