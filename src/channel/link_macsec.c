/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* macsec. Its associations and their keys are no part of the link: the generic family macsec holds them. Source: drivers/net/macsec.c. */
#include <linux/if_link.h>
#include <linux/if_macsec.h>

#include "channel/link.h"

#define SET FIELD_SETTABLE

/* What is told of the first is another number than IEEE 802.1AE has for it, which is taken as well. */
NAMES(suites, false, { MACSEC_DEFAULT_CIPHER_ID, "gcm-aes-128" }, { MACSEC_CIPHER_ID_GCM_AES_128, "gcm-aes-128" },
      { MACSEC_CIPHER_ID_GCM_AES_256, "gcm-aes-256" }, { MACSEC_CIPHER_ID_GCM_AES_XPN_128, "gcm-aes-xpn-128" },
      { MACSEC_CIPHER_ID_GCM_AES_XPN_256, "gcm-aes-xpn-256" });
NAMES(validations, false, { MACSEC_VALIDATE_DISABLED, "disabled" }, { MACSEC_VALIDATE_CHECK, "check" }, { MACSEC_VALIDATE_STRICT, "strict" });
NAMES(offloads, false, { MACSEC_OFFLOAD_OFF, "off" }, { MACSEC_OFFLOAD_PHY, "phy" }, { MACSEC_OFFLOAD_MAC, "mac" });

static const struct field macsec[] = {
	[IFLA_MACSEC_SCI] = { "sci", FIELD_BE64, FIELD_CREATE | FIELD_HEX, 0, "secure channel: hardware address and port" },
	[IFLA_MACSEC_PORT] = { "port", FIELD_BE16, FIELD_CREATE, 0, "port, where the channel is not named" },
	[IFLA_MACSEC_ICV_LEN] = { "icv_len", FIELD_U8, FIELD_CREATE, UNIT_BYTES, "integrity check value" },
	[IFLA_MACSEC_CIPHER_SUITE] = { "cipher_suite", FIELD_U64, FIELD_CREATE | FIELD_HEX, 0, "cipher", .names = &suites },
	[IFLA_MACSEC_WINDOW] = { "window", FIELD_U32, SET, UNIT_PACKETS, "how late one may come with replay_protect" },
	[IFLA_MACSEC_ENCODING_SA] = { "encoding_sa", FIELD_U8, SET, 0, "association that is sent with", LIMITS(.maximum = 3) },
	[IFLA_MACSEC_ENCRYPT] = { "encrypt", FIELD_BOOL, SET, 0, "encrypts what is sent" },
	[IFLA_MACSEC_PROTECT] = { "protect", FIELD_BOOL, SET, 0, "protects what is sent" },
	[IFLA_MACSEC_INC_SCI] = { "inc_sci", FIELD_BOOL, SET, 0, "the channel's name is in each packet" },
	[IFLA_MACSEC_ES] = { "es", FIELD_BOOL, SET, 0, "end station" },
	[IFLA_MACSEC_SCB] = { "scb", FIELD_BOOL, SET, 0, "single copy broadcast" },
	[IFLA_MACSEC_REPLAY_PROTECT] = { "replay_protect", FIELD_BOOL, SET, 0, "drops what comes twice or too late" },
	[IFLA_MACSEC_VALIDATION] = { "validation", FIELD_U8, SET, 0, "what becomes of bad packets", .names = &validations },
	[IFLA_MACSEC_PAD] = { "pad", FIELD_PAD },
	[IFLA_MACSEC_OFFLOAD] = { "offload", FIELD_U8, SET, 0, "what does the work for the processor", .names = &offloads },
};
const struct schema schema_link_macsec = { .name = "macsec", .help = "macsec links", .attributes = macsec, .attribute_count = ARRAY_SIZE(macsec) };

/* In a request the kernel takes one of the three ways to say whose a packet is, and by a name that is not sent no channel: it has another then, of
 * its address and a port. It tells all that stands. */
static int turn_names(struct arena *arena, struct record *data)
{
	const bool is_sent = record_number(data, "inc_sci", 1);
	const uint64_t channel = record_number(data, "sci", 0);

	if (is_sent && (record_number(data, "es", 0) || record_number(data, "scb", 0)))
		record_drop(data, "inc_sci");
	if (is_sent || !channel)
		return 0;
	record_drop(data, "sci");
	return record_put(arena, data, "port", value_uint(channel & UINT16_MAX));
}

int link_macsec_turn(struct arena *arena, struct record *data, const struct record *now)
{
	int r = now ? 0 : turn_names(arena, data);

	/* A window goes with every replay_protect. */
	if (r < 0 || !record_number(data, "replay_protect", 0) || record_at(data, "window"))
		return r;
	return record_put(arena, data, "window", value_uint(now ? record_number(now, "window", 0) : 0));
}
