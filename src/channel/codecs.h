/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Layouts that several netlink objects have and that no plain kind of field says. */
#ifndef FERRY_CHANNEL_CODECS_H
#define FERRY_CHANNEL_CODECS_H

#include "model/schema.h"

/* A number of 4 or 8 bytes, as the kernel's nla_put_uint() writes it. */
extern const struct codec codec_uint;
/* The same with a sign: nla_put_sint(). */
extern const struct codec codec_sint;
/* Told as a byte, 0 or 1, but taken as a bare flag: what is false must be left out of a request (codecs_leave_false()). */
extern const struct codec codec_byte_flag;
/* A hardware address in a field of 32 bytes behind a 4 byte number (virtual functions): a record of "vf" and "address". Only shown. */
extern const struct codec codec_vf_address;

#endif
