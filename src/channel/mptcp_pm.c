/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Endpoints and limits of Multipath TCP, as "ip mptcp" reads them. Source: <linux/mptcp.h>. */
#include <linux/mptcp.h>

#include "channel/generic.h"
#include "channel/words.h"

NAMES(flags, true, { MPTCP_PM_ADDR_FLAG_SIGNAL, "signal" }, { MPTCP_PM_ADDR_FLAG_SUBFLOW, "subflow" }, { MPTCP_PM_ADDR_FLAG_BACKUP, "backup" },
      { MPTCP_PM_ADDR_FLAG_FULLMESH, "fullmesh" }, { 1 << 4, "implicit" }, { 1 << 5, "laminar" });

static const struct field endpoint[] = {
	[MPTCP_PM_ADDR_ATTR_FAMILY] = { "family", FIELD_U16, 0, 0, "protocol family", .names = &words_family },
	[MPTCP_PM_ADDR_ATTR_ID] = { "id", FIELD_U8, 0, 0, "number of the endpoint" },
	[MPTCP_PM_ADDR_ATTR_ADDR4] = { "address", FIELD_ADDRESS, 0, 0, "address" },
	[MPTCP_PM_ADDR_ATTR_ADDR6] = { "address", FIELD_ADDRESS, 0, 0, "address" },
	[MPTCP_PM_ADDR_ATTR_PORT] = { "port", FIELD_U16, 0, 0, "port" },
	[MPTCP_PM_ADDR_ATTR_FLAGS] = { "flags", FIELD_U32, 0, 0, "what it is for", .names = &flags },
	[MPTCP_PM_ADDR_ATTR_IF_IDX] = { "dev", FIELD_INTERFACE, 0, 0, "link" },
};
static const struct schema schema_endpoint = { .name = "endpoint", .attributes = endpoint, .attribute_count = ARRAY_SIZE(endpoint) };

static const struct field one[] = {
	[MPTCP_PM_ATTR_ADDR] = { "endpoint", FIELD_RECORD, 0, 0, "the endpoint", .schema = &schema_endpoint },
};
static const struct schema schema_one = {
	.name = "endpoint", .help = "endpoints of Multipath TCP", .attributes = one, .attribute_count = ARRAY_SIZE(one)
};
const struct operation operation_mptcp_pm_endpoint = { .family = "mptcp_pm",
						       .name = "endpoint",
						       .command = MPTCP_PM_CMD_GET_ADDR,
						       .help = "endpoints of Multipath TCP",
						       .schema = &schema_one,
						       .key = "endpoint/id" };

static const struct field limits[] = {
	[MPTCP_PM_ATTR_RCV_ADD_ADDRS] = { "add_addr_accepted", FIELD_U32, 0, 0, "addresses of the other end that are taken" },
	[MPTCP_PM_ATTR_SUBFLOWS] = { "subflows", FIELD_U32, 0, 0, "further subflows of a connection" },
};
static const struct schema schema_limits = {
	.name = "limits", .help = "limits of Multipath TCP", .attributes = limits, .attribute_count = ARRAY_SIZE(limits)
};
const struct operation operation_mptcp_pm_limits = { .family = "mptcp_pm",
						     .name = "limits",
						     .command = MPTCP_PM_CMD_GET_LIMITS,
						     .help = "limits of Multipath TCP",
						     .schema = &schema_limits,
						     .single = true };
