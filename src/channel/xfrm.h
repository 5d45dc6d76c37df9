/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the objects of IPsec share. Sources: <linux/xfrm.h>, ip-xfrm(8). */
#ifndef FERRY_CHANNEL_XFRM_H
#define FERRY_CHANNEL_XFRM_H

#include <linux/xfrm.h>

#include "channel/object.h"

extern const struct object object_state, object_policy, object_default;

/* xfrm_words.c */
extern const struct names words_xfrm_protocol;  /* esp, ah, comp, ... */
extern const struct names words_xfrm_mode;      /* XFRM_MODE_* */
extern const struct names words_xfrm_direction; /* XFRM_POLICY_IN, ... */
extern const struct names words_xfrm_share;     /* XFRM_SHARE_* */

/* xfrm_fields.c */
extern const struct schema schema_xfrm_lifetime; /* struct xfrm_lifetime_cfg */
extern const struct schema schema_xfrm_current;  /* struct xfrm_lifetime_cur */
extern const struct schema schema_xfrm_mark;     /* struct xfrm_mark */
extern const struct schema schema_xfrm_offload;  /* struct xfrm_user_offload */
extern const struct schema schema_xfrm_selector, schema_xfrm_security;
extern const struct codec codec_xfrm_selector; /* struct xfrm_selector */
extern const struct codec codec_xfrm_security; /* struct xfrm_user_sec_ctx */

/* An xfrm_address_t of FAMILY as a value that borrows from DATA. */
struct value xfrm_address(uint16_t family, const void *data);
/* Puts an address that has no prefix length where an xfrm_address_t stands. -EINVAL with words that name FIELD. */
int xfrm_put_address(const struct field *field, const struct value *value, xfrm_address_t *ret, struct error *error) _must_check_;
/* The family that an address or prefix is of, AF_UNSPEC for any other value. */
uint16_t xfrm_family_of(const struct value *value);

/* The record borrows from SELECTOR. */
int xfrm_read_selector(struct arena *arena, const struct xfrm_selector *selector, struct record **ret) _must_check_;
int xfrm_write_selector(const struct record *record, struct xfrm_selector *ret, struct error *error) _must_check_;

/* What no lifetime is asked for of is unlimited: to the kernel 0 means that it is over. */
int xfrm_complete_lifetime(struct arena *arena, struct record *record) _must_check_;
/* ",mark=VALUE/MASK" in a path, and read from there; MASK may be left out. */
void xfrm_path_mark(const struct record *record, struct buffer *ret);
int xfrm_parse_mark(struct object_path *path) _must_check_;
/* Whether PATH goes on with ",NAME=". */
bool xfrm_path_says(const struct object_path *path, const char *name);
/* Appends the mark of KEY, where it has one, as an attribute. */
void xfrm_add_mark(const struct record *key, struct buffer *request);

/* xfrm_algorithm.c */
/* struct xfrm_algo, xfrm_algo_auth, xfrm_algo_aead */
extern const struct schema schema_xfrm_algorithm, schema_xfrm_authentication, schema_xfrm_aead;
extern const struct codec codec_xfrm_algorithm; /* of all three, by the schema of its field */

/* xfrm_template.c */
extern const struct field field_xfrm_template;
extern const struct codec codec_xfrm_templates; /* structs xfrm_user_tmpl, one behind the other */

#endif
