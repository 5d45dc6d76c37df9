/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/lwtunnel.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include "channel/words.h"
#include "model/field.h"

/* Numbers above 4 are a convention among routing daemons (linux/rtnetlink.h). */
SHARED_NAMES(words_route_protocol, false, { RTPROT_UNSPEC, "unspec" }, { RTPROT_REDIRECT, "redirect" }, { RTPROT_KERNEL, "kernel" },
	     { RTPROT_BOOT, "boot" }, { RTPROT_STATIC, "static" }, { RTPROT_GATED, "gated" }, { RTPROT_RA, "ra" }, { RTPROT_MRT, "mrt" },
	     { RTPROT_ZEBRA, "zebra" }, { RTPROT_BIRD, "bird" }, { RTPROT_DNROUTED, "dnrouted" }, { RTPROT_XORP, "xorp" }, { RTPROT_NTK, "ntk" },
	     { RTPROT_DHCP, "dhcp" }, { RTPROT_KEEPALIVED, "keepalived" }, { RTPROT_BABEL, "babel" }, { RTPROT_BGP, "bgp" }, { RTPROT_ISIS, "isis" },
	     { RTPROT_OSPF, "ospf" }, { RTPROT_RIP, "rip" }, { RTPROT_EIGRP, "eigrp" }, { 17, "mrouted" }, { 99, "openr" });

SHARED_NAMES(words_route_scope, false, { RT_SCOPE_UNIVERSE, "global" }, { RT_SCOPE_SITE, "site" }, { RT_SCOPE_LINK, "link" },
	     { RT_SCOPE_HOST, "host" }, { RT_SCOPE_NOWHERE, "nowhere" });

SHARED_NAMES(words_route_type, false, { RTN_UNSPEC, "none" }, { RTN_UNICAST, "unicast" }, { RTN_LOCAL, "local" }, { RTN_BROADCAST, "broadcast" },
	     { RTN_ANYCAST, "anycast" }, { RTN_MULTICAST, "multicast" }, { RTN_BLACKHOLE, "blackhole" }, { RTN_UNREACHABLE, "unreachable" },
	     { RTN_PROHIBIT, "prohibit" }, { RTN_THROW, "throw" }, { RTN_NAT, "nat" }, { RTN_XRESOLVE, "xresolve" });

SHARED_NAMES(words_route_table, false, { RT_TABLE_DEFAULT, "default" }, { RT_TABLE_MAIN, "main" }, { RT_TABLE_LOCAL, "local" });

SHARED_NAMES(words_nexthop_flags, true, { RTNH_F_DEAD, "dead" }, { RTNH_F_PERVASIVE, "pervasive" }, { RTNH_F_ONLINK, "onlink" },
	     { RTNH_F_OFFLOAD, "offload" }, { RTNH_F_LINKDOWN, "linkdown" }, { RTNH_F_UNRESOLVED, "unresolved" }, { 64, "trap" });

SHARED_NAMES(words_encap_type, false, { LWTUNNEL_ENCAP_NONE, "none" }, { LWTUNNEL_ENCAP_MPLS, "mpls" }, { LWTUNNEL_ENCAP_IP, "ip" },
	     { LWTUNNEL_ENCAP_ILA, "ila" }, { LWTUNNEL_ENCAP_IP6, "ip6" }, { LWTUNNEL_ENCAP_SEG6, "seg6" }, { LWTUNNEL_ENCAP_BPF, "bpf" },
	     { LWTUNNEL_ENCAP_SEG6_LOCAL, "seg6local" }, { 8, "rpl" }, { 9, "ioam6" }, { 10, "xfrm" });

/* As /etc/protocols has them, which ip(8) reads. */
SHARED_NAMES(words_ip_protocol, false, { IPPROTO_IP, "ip" }, { IPPROTO_ICMP, "icmp" }, { IPPROTO_IGMP, "igmp" }, { 3, "ggp" },
	     { IPPROTO_IPIP, "ipencap" }, { 5, "st" }, { IPPROTO_TCP, "tcp" }, { IPPROTO_EGP, "egp" }, { 9, "igp" }, { IPPROTO_PUP, "pup" },
	     { IPPROTO_UDP, "udp" }, { 20, "hmp" }, { IPPROTO_IDP, "xns-idp" }, { 27, "rdp" }, { IPPROTO_TP, "iso-tp4" }, { IPPROTO_DCCP, "dccp" },
	     { 36, "xtp" }, { 37, "ddp" }, { 38, "idpr-cmtp" }, { IPPROTO_IPV6, "ipv6" }, { IPPROTO_ROUTING, "ipv6-route" },
	     { IPPROTO_FRAGMENT, "ipv6-frag" }, { 45, "idrp" }, { IPPROTO_RSVP, "rsvp" }, { IPPROTO_GRE, "gre" }, { IPPROTO_ESP, "esp" },
	     { IPPROTO_AH, "ah" }, { 57, "skip" }, { IPPROTO_ICMPV6, "ipv6-icmp" }, { IPPROTO_NONE, "ipv6-nonxt" }, { IPPROTO_DSTOPTS, "ipv6-opts" },
	     { 73, "rspf" }, { 81, "vmtp" }, { 88, "eigrp" }, { 89, "ospf" }, { 93, "ax.25" }, { IPPROTO_BEETPH, "ipip" }, { 97, "etherip" },
	     { IPPROTO_ENCAP, "encap" }, { IPPROTO_PIM, "pim" }, { IPPROTO_COMP, "ipcomp" }, { 112, "vrrp" }, { 115, "l2tp" }, { 124, "isis" },
	     { IPPROTO_SCTP, "sctp" }, { 133, "fc" }, { IPPROTO_MH, "mobility-header" }, { IPPROTO_UDPLITE, "udplite" },
	     { IPPROTO_MPLS, "mpls-in-ip" }, { 138, "manet" }, { 139, "hip" }, { 140, "shim6" }, { 141, "wesp" }, { 142, "rohc" },
	     { IPPROTO_ETHERNET, "ethernet" });

SHARED_NAMES(words_family, false, { AF_UNSPEC, "unspec" }, { AF_INET, "inet" }, { AF_INET6, "inet6" }, { AF_BRIDGE, "bridge" }, { AF_PACKET, "link" },
	     { AF_MPLS, "mpls" }, { RTNL_FAMILY_IPMR, "ipmr" }, { RTNL_FAMILY_IP6MR, "ip6mr" });

SHARED_NAMES(words_ether_type, false, { ETH_P_8021Q, "802.1Q" }, { ETH_P_8021AD, "802.1ad" });

SHARED_NAMES(words_link_type, false, { ARPHRD_ETHER, "ether" }, { ARPHRD_INFINIBAND, "infiniband" }, { ARPHRD_SLIP, "slip" }, { ARPHRD_CAN, "can" },
	     { 290, "mctp" }, { ARPHRD_PPP, "ppp" }, { ARPHRD_RAWIP, "rawip" }, { ARPHRD_TUNNEL, "ipip" }, { ARPHRD_TUNNEL6, "tunnel6" },
	     { ARPHRD_LOOPBACK, "loopback" }, { ARPHRD_SIT, "sit" }, { ARPHRD_IPGRE, "gre" }, { ARPHRD_PIMREG, "pimreg" },
	     { ARPHRD_IEEE80211, "ieee802.11" }, { ARPHRD_IEEE80211_PRISM, "ieee802.11/prism" }, { ARPHRD_IEEE80211_RADIOTAP, "ieee802.11/radiotap" },
	     { ARPHRD_IEEE802154, "ieee802.15.4" }, { ARPHRD_IEEE802154_MONITOR, "ieee802.15.4/monitor" }, { ARPHRD_PHONET, "phonet" },
	     { ARPHRD_IP6GRE, "gre6" }, { ARPHRD_NETLINK, "netlink" }, { ARPHRD_6LOWPAN, "6lowpan" }, { 826, "vsockmon" }, { ARPHRD_NONE, "none" },
	     { ARPHRD_VOID, "void" });

SHARED_NAMES(words_link_flags, true, { IFF_LOOPBACK, "LOOPBACK" }, { IFF_BROADCAST, "BROADCAST" }, { IFF_POINTOPOINT, "POINTOPOINT" },
	     { IFF_MULTICAST, "MULTICAST" }, { IFF_NOARP, "NOARP" }, { IFF_ALLMULTI, "ALLMULTI" }, { IFF_PROMISC, "PROMISC" },
	     { IFF_MASTER, "MASTER" }, { IFF_SLAVE, "SLAVE" }, { IFF_DEBUG, "DEBUG" }, { IFF_DYNAMIC, "DYNAMIC" }, { IFF_AUTOMEDIA, "AUTOMEDIA" },
	     { IFF_PORTSEL, "PORTSEL" }, { IFF_NOTRAILERS, "NOTRAILERS" }, { IFF_UP, "UP" }, { IFF_RUNNING, "RUNNING" }, { IFF_LOWER_UP, "LOWER_UP" },
	     { IFF_DORMANT, "DORMANT" }, { IFF_ECHO, "ECHO" });
SHARED_NAMES(words_link_told, true, { RTEXT_FILTER_VF, "vf" }, { RTEXT_FILTER_BRVLAN, "brvlan" },
	     { RTEXT_FILTER_BRVLAN_COMPRESSED, "brvlan_compressed" }, { RTEXT_FILTER_SKIP_STATS, "skip_stats" }, { 16, "mrp" }, { 32, "cfm_config" },
	     { 64, "cfm_status" }, { 128, "mst" });

void words_add(struct buffer *buffer, const struct names *names, uint64_t number)
{
	const char *word = names ? names_find(names, number) : NULL;

	if (word)
		buffer_add_text(buffer, word);
	else
		buffer_add_uint(buffer, number);
}

int words_parse(const struct names *names, const char *text, size_t length, uint64_t *ret)
{
	uint64_t number = 0;

	if (names && names_parse(names, text, length, ret))
		return 0;
	if (length == 0 || length > 10)
		return -EINVAL;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		number = number * 10 + (uint64_t)(text[i] - '0');
	}
	*ret = number;
	return 0;
}
