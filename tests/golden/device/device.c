/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A module with a network device that has everything that ethtool can ask for, for the kernel of a guest: what it tells is made up, how that is told
 * is the kernel's own. It takes a kernel of 7.3 or a near one, with transceivers (CONFIG_PHYLIB), and its headers; FERRY_DEVICES names device.ko for
 * tests/golden/capture.py, followed by that of netdevsim, and for tests/live/ethtool-devices.py. */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/phy.h>
#include <linux/platform_device.h>

#define TABLE    8
#define KEY      16
#define RINGS    4
#define CONTEXTS 4

struct sim {
	struct mii_bus *bus;
	struct phy_device *phy;
	u32 table[TABLE];
	u8 key[KEY];
	enum ethtool_module_power_mode_policy policy;
	struct ethtool_mm_cfg merge;
	struct ethtool_keee rest;
	u32 hashed;
};

/* ---- Statistics ---- */

static void get_eth_phy_stats(struct net_device *device, struct ethtool_eth_phy_stats *stats)
{
	stats->SymbolErrorDuringCarrier = 5;
}

static void get_eth_mac_stats(struct net_device *device, struct ethtool_eth_mac_stats *stats)
{
	u64 *counters = (u64 *)&stats->stats;

	for (unsigned int i = 0; i < sizeof(stats->stats) / sizeof(*counters); i++)
		counters[i] = stats->src == ETHTOOL_MAC_STATS_SRC_PMAC ? 2000 + i : 1000 + i;
}

static void get_eth_ctrl_stats(struct net_device *device, struct ethtool_eth_ctrl_stats *stats)
{
	stats->MACControlFramesTransmitted = 31;
	stats->UnsupportedOpcodesReceived = 33;
}

static const struct ethtool_rmon_hist_range ranges[] = { { 0, 64 }, { 65, 127 }, { 128, 1518 }, { 1519, 9000 }, {} };

static void get_rmon_stats(struct net_device *device, struct ethtool_rmon_stats *stats, const struct ethtool_rmon_hist_range **ret)
{
	stats->undersize_pkts = 41;
	stats->oversize_pkts = 42;
	stats->fragments = 43;
	stats->jabbers = 44;
	for (unsigned int i = 0; i < 4; i++) {
		stats->hist[i] = 100 + i;
		if (i != 2)
			stats->hist_tx[i] = 200 + i;
	}
	*ret = ranges;
}

/* ---- Hashing ---- */

static u32 get_ring_count(struct net_device *device)
{
	return RINGS;
}

static u32 get_key_size(struct net_device *device)
{
	return KEY;
}

static u32 get_table_size(struct net_device *device)
{
	return TABLE;
}

static int get_rxfh(struct net_device *device, struct ethtool_rxfh_param *param)
{
	struct sim *sim = netdev_priv(device);

	param->hfunc = ETH_RSS_HASH_TOP;
	if (param->indir)
		memcpy(param->indir, sim->table, sizeof(sim->table));
	if (param->key)
		memcpy(param->key, sim->key, sizeof(sim->key));
	return 0;
}

static int set_rxfh(struct net_device *device, struct ethtool_rxfh_param *param, struct netlink_ext_ack *ack)
{
	struct sim *sim = netdev_priv(device);

	if (param->indir)
		memcpy(sim->table, param->indir, sizeof(sim->table));
	if (param->key)
		memcpy(sim->key, param->key, sizeof(sim->key));
	return 0;
}

static int get_fields(struct net_device *device, struct ethtool_rxfh_fields *fields)
{
	struct sim *sim = netdev_priv(device);

	if (fields->flow_type != TCP_V4_FLOW && fields->flow_type != UDP_V4_FLOW)
		return -EOPNOTSUPP;
	fields->data = fields->flow_type == TCP_V4_FLOW ? RXH_IP_SRC | RXH_IP_DST | RXH_L4_B_0_1 | RXH_L4_B_2_3 : sim->hashed;
	return 0;
}

static int set_fields(struct net_device *device, const struct ethtool_rxfh_fields *fields, struct netlink_ext_ack *ack)
{
	struct sim *sim = netdev_priv(device);

	sim->hashed = fields->data;
	return 0;
}

static int create_context(struct net_device *device, struct ethtool_rxfh_context *context, const struct ethtool_rxfh_param *param,
			  struct netlink_ext_ack *ack)
{
	struct sim *sim = netdev_priv(device);

	if (!param->indir)
		for (unsigned int i = 0; i < TABLE; i++)
			ethtool_rxfh_context_indir(context)[i] = ethtool_rxfh_indir_default(i, RINGS);
	if (!param->key)
		memcpy(ethtool_rxfh_context_key(context), sim->key, sizeof(sim->key));
	context->hfunc = ETH_RSS_HASH_TOP;
	return 0;
}

static int modify_context(struct net_device *device, struct ethtool_rxfh_context *context, const struct ethtool_rxfh_param *param,
			  struct netlink_ext_ack *ack)
{
	return 0;
}

static int remove_context(struct net_device *device, struct ethtool_rxfh_context *context, u32 number, struct netlink_ext_ack *ack)
{
	return 0;
}

static void get_channels(struct net_device *device, struct ethtool_channels *channels)
{
	channels->max_combined = RINGS;
	channels->combined_count = RINGS;
}

/* ---- The module, the line ---- */

static int read_page(struct net_device *device, const struct ethtool_module_eeprom *page, struct netlink_ext_ack *ack)
{
	if (page->page > 2 || page->bank > 1 || (page->i2c_address != 0x50 && page->i2c_address != 0x51)) {
		NL_SET_ERR_MSG(ack, "no such page");
		return -EINVAL;
	}
	for (u32 i = 0; i < page->length; i++)
		page->data[i] = page->offset + i + page->page * 16 + page->bank * 32 + (page->i2c_address & 1);
	if (page->offset == 0 && page->length)
		page->data[0] = 0x18;
	return page->length;
}

static int get_power(struct net_device *device, struct ethtool_module_power_mode_params *params, struct netlink_ext_ack *ack)
{
	struct sim *sim = netdev_priv(device);

	params->policy = sim->policy;
	params->mode = ETHTOOL_MODULE_POWER_MODE_HIGH;
	return 0;
}

static int set_power(struct net_device *device, const struct ethtool_module_power_mode_params *params, struct netlink_ext_ack *ack)
{
	struct sim *sim = netdev_priv(device);

	sim->policy = params->policy;
	return 0;
}

static int get_mm(struct net_device *device, struct ethtool_mm_state *state)
{
	struct sim *sim = netdev_priv(device);

	*state = (struct ethtool_mm_state){ .verify_time = sim->merge.verify_time,
					    .max_verify_time = 128,
					    .verify_status = ETHTOOL_MM_VERIFY_STATUS_SUCCEEDED,
					    .tx_enabled = sim->merge.tx_enabled,
					    .tx_active = sim->merge.tx_enabled,
					    .pmac_enabled = sim->merge.pmac_enabled,
					    .verify_enabled = sim->merge.verify_enabled,
					    .tx_min_frag_size = sim->merge.tx_min_frag_size,
					    .rx_min_frag_size = 60 };
	return 0;
}

static int set_mm(struct net_device *device, struct ethtool_mm_cfg *config, struct netlink_ext_ack *ack)
{
	struct sim *sim = netdev_priv(device);

	sim->merge = *config;
	return 0;
}

static void get_mm_stats(struct net_device *device, struct ethtool_mm_stats *stats)
{
	stats->MACMergeFrameAssErrorCount = 1;
	stats->MACMergeFrameSmdErrorCount = 2;
	stats->MACMergeFrameAssOkCount = 3;
	stats->MACMergeFragCountRx = 4;
	stats->MACMergeFragCountTx = 5;
	stats->MACMergeHoldCount = 6;
}

static int get_eee(struct net_device *device, struct ethtool_keee *rest)
{
	struct sim *sim = netdev_priv(device);

	*rest = sim->rest;
	return 0;
}

static int set_eee(struct net_device *device, struct ethtool_keee *rest)
{
	struct sim *sim = netdev_priv(device);

	sim->rest.eee_enabled = rest->eee_enabled;
	sim->rest.tx_lpi_enabled = rest->tx_lpi_enabled;
	sim->rest.tx_lpi_timer = rest->tx_lpi_timer;
	linkmode_copy(sim->rest.advertised, rest->advertised);
	return 0;
}

static const struct ethtool_ops operations = {
	.rxfh_per_ctx_fields = 1,
	.rxfh_per_ctx_key = 1,
	.rxfh_indir_space = TABLE,
	.rxfh_key_space = KEY,
	.rxfh_max_num_contexts = CONTEXTS,
	.supported_input_xfrm = RXH_XFRM_SYM_XOR,
	.get_link = ethtool_op_get_link,
	.get_eth_phy_stats = get_eth_phy_stats,
	.get_eth_mac_stats = get_eth_mac_stats,
	.get_eth_ctrl_stats = get_eth_ctrl_stats,
	.get_rmon_stats = get_rmon_stats,
	.get_rx_ring_count = get_ring_count,
	.get_rxfh_key_size = get_key_size,
	.get_rxfh_indir_size = get_table_size,
	.get_rxfh = get_rxfh,
	.set_rxfh = set_rxfh,
	.get_rxfh_fields = get_fields,
	.set_rxfh_fields = set_fields,
	.create_rxfh_context = create_context,
	.modify_rxfh_context = modify_context,
	.remove_rxfh_context = remove_context,
	.get_channels = get_channels,
	.get_module_eeprom_by_page = read_page,
	.get_module_power_mode = get_power,
	.set_module_power_mode = set_power,
	.get_mm = get_mm,
	.set_mm = set_mm,
	.get_mm_stats = get_mm_stats,
	.get_eee = get_eee,
	.set_eee = set_eee,
	.get_link_ksettings = phy_ethtool_get_link_ksettings,
	.set_link_ksettings = phy_ethtool_set_link_ksettings,
};

/* ---- The transceiver ---- */

static int read_register(struct mii_bus *bus, int address, int number)
{
	if (address != 0)
		return 0xffff;
	switch (number) {
	case MII_PHYSID1:
		return 0xfe44;
	case MII_PHYSID2:
		return 0x4510;
	case MII_BMCR:
		return BMCR_ANENABLE;
	case MII_BMSR:
		return BMSR_LSTATUS | BMSR_ANEGCOMPLETE | BMSR_ANEGCAPABLE | BMSR_100FULL | BMSR_10FULL;
	case MII_LPA:
		return LPA_100FULL | LPA_10FULL | LPA_LPACK;
	}
	return 0;
}

static int write_register(struct mii_bus *bus, int address, int number, u16 value)
{
	return 0;
}

static bool raw;

static int test_start(struct phy_device *phy)
{
	raw = false;
	return 0;
}

static int raw_test_start(struct phy_device *phy, const struct phy_tdr_config *config)
{
	raw = true;
	ethnl_cable_test_pulse(phy, 1000);
	ethnl_cable_test_step(phy, config->first, config->last, config->step);
	for (s16 distance = 0; distance < 3; distance++)
		ethnl_cable_test_amplitude(phy, ETHTOOL_A_CABLE_PAIR_A, distance * 10 - 5);
	return 0;
}

static int test_status(struct phy_device *phy, bool *finished)
{
	if (!raw) {
		ethnl_cable_test_result(phy, ETHTOOL_A_CABLE_PAIR_A, ETHTOOL_A_CABLE_RESULT_CODE_OK);
		ethnl_cable_test_result(phy, ETHTOOL_A_CABLE_PAIR_B, ETHTOOL_A_CABLE_RESULT_CODE_OPEN);
		ethnl_cable_test_fault_length(phy, ETHTOOL_A_CABLE_PAIR_B, 250);
	}
	*finished = true;
	return 0;
}

static void get_phy_stats(struct phy_device *phy, struct ethtool_eth_phy_stats *stats, struct ethtool_phy_stats *own)
{
	*own = (struct ethtool_phy_stats){ 51, 52, 53, 54, 55, 56 };
}

static int get_mse_capability(struct phy_device *phy, struct phy_mse_capability *ret)
{
	*ret = (struct phy_mse_capability){
		511, 1023, 1000000, 125, PHY_MSE_CAP_CHANNEL_A | PHY_MSE_CAP_CHANNEL_B | PHY_MSE_CAP_AVG | PHY_MSE_CAP_PEAK | PHY_MSE_CAP_WORST_PEAK
	};
	return 0;
}

static int get_mse_snapshot(struct phy_device *phy, enum phy_mse_channel channel, struct phy_mse_snapshot *ret)
{
	*ret = (struct phy_mse_snapshot){ 7 + channel, 17, 27 };
	return 0;
}

static struct phy_plca_cfg turns = { 0x0a10, 1, 2, 8, 32, 0, 128 };

static int get_plca(struct phy_device *phy, struct phy_plca_cfg *ret)
{
	*ret = turns;
	return 0;
}

static int set_plca(struct phy_device *phy, const struct phy_plca_cfg *given)
{
	if (given->enabled >= 0)
		turns.enabled = given->enabled;
	if (given->node_id >= 0)
		turns.node_id = given->node_id;
	if (given->node_cnt >= 0)
		turns.node_cnt = given->node_cnt;
	return 0;
}

static int get_plca_status(struct phy_device *phy, struct phy_plca_status *ret)
{
	ret->pst = true;
	return 0;
}

static int get_quality(struct phy_device *phy)
{
	return 6;
}

static int get_quality_maximum(struct phy_device *phy)
{
	return 7;
}

static struct phy_driver drivers[] = { {
	.phy_id = 0xfe444510,
	.phy_id_mask = 0xffffffff,
	.name = "sim",
	.features = PHY_BASIC_FEATURES,
	.flags = PHY_POLL_CABLE_TEST,
	.config_aneg = genphy_config_aneg,
	.read_status = genphy_read_status,
	.cable_test_start = test_start,
	.cable_test_tdr_start = raw_test_start,
	.cable_test_get_status = test_status,
	.get_phy_stats = get_phy_stats,
	.get_mse_capability = get_mse_capability,
	.get_mse_snapshot = get_mse_snapshot,
	.get_plca_cfg = get_plca,
	.set_plca_cfg = set_plca,
	.get_plca_status = get_plca_status,
	.get_sqi = get_quality,
	.get_sqi_max = get_quality_maximum,
} };

/* ---- The device ---- */

static void link_changed(struct net_device *device)
{
}

static int open(struct net_device *device)
{
	struct sim *sim = netdev_priv(device);

	phy_start(sim->phy);
	return 0;
}

static int stop(struct net_device *device)
{
	struct sim *sim = netdev_priv(device);

	phy_stop(sim->phy);
	return 0;
}

static netdev_tx_t transmit(struct sk_buff *packet, struct net_device *device)
{
	dev_kfree_skb(packet);
	return NETDEV_TX_OK;
}

static const struct net_device_ops device_operations = { .ndo_open = open, .ndo_stop = stop, .ndo_start_xmit = transmit };

static struct platform_device *parent;
static struct net_device *device;

static int attach(struct sim *sim)
{
	int r;

	sim->bus = devm_mdiobus_alloc(&parent->dev);
	if (!sim->bus)
		return -ENOMEM;
	sim->bus->name = "sim";
	sim->bus->read = read_register;
	sim->bus->write = write_register;
	sim->bus->parent = &parent->dev;
	sim->bus->phy_mask = ~1u;
	snprintf(sim->bus->id, MII_BUS_ID_SIZE, "sim");
	r = mdiobus_register(sim->bus);
	if (r)
		return r;
	sim->phy = phy_find_first(sim->bus);
	return sim->phy ? phy_connect_direct(device, sim->phy, link_changed, PHY_INTERFACE_MODE_MII) : -ENODEV;
}

static void make_up(struct sim *sim)
{
	for (unsigned int i = 0; i < TABLE; i++)
		sim->table[i] = ethtool_rxfh_indir_default(i, RINGS);
	for (unsigned int i = 0; i < KEY; i++)
		sim->key[i] = 0x40 + i;
	sim->hashed = RXH_IP_SRC | RXH_IP_DST;
	sim->policy = ETHTOOL_MODULE_POWER_MODE_POLICY_AUTO;
	sim->merge = (struct ethtool_mm_cfg){ .verify_time = 10, .verify_enabled = true, .tx_min_frag_size = 60 };
	linkmode_set_bit(ETHTOOL_LINK_MODE_100baseT_Full_BIT, sim->rest.supported);
	linkmode_set_bit(ETHTOOL_LINK_MODE_1000baseT_Full_BIT, sim->rest.supported);
	linkmode_set_bit(ETHTOOL_LINK_MODE_100baseT_Full_BIT, sim->rest.advertised);
	linkmode_set_bit(ETHTOOL_LINK_MODE_100baseT_Full_BIT, sim->rest.lp_advertised);
	sim->rest.eee_active = sim->rest.eee_enabled = sim->rest.tx_lpi_enabled = true;
	sim->rest.tx_lpi_timer = 250;
}

static int probe(struct platform_device *found)
{
	int r;

	parent = found;
	device = devm_alloc_etherdev_mqs(&found->dev, sizeof(struct sim), RINGS, RINGS);
	if (!device)
		return -ENOMEM;
	strscpy(device->name, "sim0", IFNAMSIZ);
	eth_hw_addr_set(device, (const u8[]){ 2, 0, 0, 0, 0, 1 });
	SET_NETDEV_DEV(device, &found->dev);
	device->netdev_ops = &device_operations;
	device->ethtool_ops = &operations;
	make_up(netdev_priv(device));
	r = register_netdev(device);
	return r ? r : attach(netdev_priv(device));
}

static void leave(struct platform_device *found)
{
	struct sim *sim = netdev_priv(device);

	phy_disconnect(sim->phy);
	unregister_netdev(device);
	mdiobus_unregister(sim->bus);
}

static struct platform_driver platform = { .probe = probe, .remove = leave, .driver = { .name = "sim" } };

static int __init begin(void)
{
	int r = phy_drivers_register(drivers, ARRAY_SIZE(drivers), THIS_MODULE);

	if (r)
		return r;
	r = platform_driver_register(&platform);
	if (r)
		return r;
	return PTR_ERR_OR_ZERO(platform_device_register_simple("sim", PLATFORM_DEVID_NONE, NULL, 0));
}

static void __exit end(void)
{
	platform_device_unregister(parent);
	platform_driver_unregister(&platform);
	phy_drivers_unregister(drivers, ARRAY_SIZE(drivers));
}

module_init(begin);
module_exit(end);
MODULE_DESCRIPTION("A network device with everything that ethtool can ask for");
MODULE_LICENSE("GPL");
