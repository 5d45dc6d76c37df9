/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words for the numbers of IPsec, spelt as ip(8) spells them. */
#include <netinet/in.h>

#include "channel/xfrm.h"

#define WORDS(identifier, ...)                                          \
	static const struct name identifier##_list[] = { __VA_ARGS__ }; \
	const struct names identifier = { identifier##_list, ARRAY_SIZE(identifier##_list), false }

WORDS(words_xfrm_protocol, { IPPROTO_IPIP, "ipip" }, { IPPROTO_IPV6, "ipv6" }, { IPPROTO_ROUTING, "route2" }, { IPPROTO_ESP, "esp" },
      { IPPROTO_AH, "ah" }, { IPPROTO_DSTOPTS, "hao" }, { IPPROTO_COMP, "comp" }, { 255, "any" });
WORDS(words_xfrm_mode, { XFRM_MODE_TRANSPORT, "transport" }, { XFRM_MODE_TUNNEL, "tunnel" }, { XFRM_MODE_ROUTEOPTIMIZATION, "ro" },
      { XFRM_MODE_IN_TRIGGER, "in_trigger" }, { XFRM_MODE_BEET, "beet" }, { 5, "iptfs" });
/* Above the mask: of one socket. */
WORDS(words_xfrm_direction, { XFRM_POLICY_IN, "in" }, { XFRM_POLICY_OUT, "out" }, { XFRM_POLICY_FWD, "fwd" }, { 3, "socket_in" }, { 4, "socket_out" },
      { 5, "socket_fwd" });
WORDS(words_xfrm_share, { XFRM_SHARE_ANY, "any" }, { XFRM_SHARE_SESSION, "session" }, { XFRM_SHARE_USER, "user" }, { XFRM_SHARE_UNIQUE, "unique" });
