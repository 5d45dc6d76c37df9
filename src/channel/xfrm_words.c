/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words for the numbers of IPsec, spelt as ip(8) spells them. */
#include <netinet/in.h>

#include "channel/xfrm.h"

SHARED_NAMES(words_xfrm_protocol, false, { IPPROTO_IPIP, "ipip" }, { IPPROTO_IPV6, "ipv6" }, { IPPROTO_ROUTING, "route2" }, { IPPROTO_ESP, "esp" },
	     { IPPROTO_AH, "ah" }, { IPPROTO_DSTOPTS, "hao" }, { IPPROTO_COMP, "comp" }, { 255, "any" });
SHARED_NAMES(words_xfrm_mode, false, { XFRM_MODE_TRANSPORT, "transport" }, { XFRM_MODE_TUNNEL, "tunnel" }, { XFRM_MODE_ROUTEOPTIMIZATION, "ro" },
	     { XFRM_MODE_IN_TRIGGER, "in_trigger" }, { XFRM_MODE_BEET, "beet" }, { 5, "iptfs" });
/* Above the mask: of one socket. */
SHARED_NAMES(words_xfrm_direction, false, { XFRM_POLICY_IN, "in" }, { XFRM_POLICY_OUT, "out" }, { XFRM_POLICY_FWD, "fwd" }, { 3, "socket_in" },
	     { 4, "socket_out" }, { 5, "socket_fwd" });
SHARED_NAMES(words_xfrm_share, false, { XFRM_SHARE_ANY, "any" }, { XFRM_SHARE_SESSION, "session" }, { XFRM_SHARE_USER, "user" },
	     { XFRM_SHARE_UNIQUE, "unique" });
