/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYCASK_NAMES_H
#define KEYCASK_NAMES_H

/*
 * The names that dictionaries are written with. A constant is the name on the wire and in the
 * CLI's JSON, in upper case and with a prefix: KC_ATTR_TOKEN_ID is "token_id". Names that are not
 * listed here may be given as text.
 *
 * Unstable until 1.0.
 */

/* Item classes: the value of KC_CLASS. */
#define KC_CLASS		   "class"
#define KC_CLASS_GENERIC_PASSWORD  "generic_password"
#define KC_CLASS_INTERNET_PASSWORD "internet_password"
#define KC_CLASS_CERTIFICATE	   "certificate"
#define KC_CLASS_KEY		   "key"
#define KC_CLASS_IDENTITY	   "identity"

/* Attributes: text, number, flag, data or date as each name says in docs/vocabulary.md. */
#define KC_ATTR_ACCESS_GROUP	     "access_group"
#define KC_ATTR_LABEL		     "label"
#define KC_ATTR_ACCESSIBLE	     "accessible"
#define KC_ATTR_ACCESS_CONTROL	     "access_control"
#define KC_ATTR_CREATION_DATE	     "creation_date"
#define KC_ATTR_MODIFICATION_DATE    "modification_date"
#define KC_ATTR_TOKEN_ID	     "token_id"
#define KC_ATTR_SYNCHRONIZABLE	     "synchronizable"
#define KC_ATTR_ACCOUNT		     "account"
#define KC_ATTR_SERVICE		     "service"
#define KC_ATTR_GENERIC		     "generic"
#define KC_ATTR_DESCRIPTION	     "description"
#define KC_ATTR_COMMENT		     "comment"
#define KC_ATTR_CREATOR		     "creator"
#define KC_ATTR_TYPE		     "type"
#define KC_ATTR_IS_INVISIBLE	     "is_invisible"
#define KC_ATTR_IS_NEGATIVE	     "is_negative"
#define KC_ATTR_SECURITY_DOMAIN	     "security_domain"
#define KC_ATTR_SERVER		     "server"
#define KC_ATTR_PROTOCOL	     "protocol"
#define KC_ATTR_AUTHENTICATION_TYPE  "authentication_type"
#define KC_ATTR_PORT		     "port"
#define KC_ATTR_PATH		     "path"
#define KC_ATTR_CERTIFICATE_TYPE     "certificate_type"
#define KC_ATTR_CERTIFICATE_ENCODING "certificate_encoding"
#define KC_ATTR_SUBJECT		     "subject"
#define KC_ATTR_ISSUER		     "issuer"
#define KC_ATTR_SERIAL_NUMBER	     "serial_number"
#define KC_ATTR_SUBJECT_KEY_ID	     "subject_key_id"
#define KC_ATTR_PUBLIC_KEY_HASH	     "public_key_hash"
#define KC_ATTR_NOT_VALID_BEFORE     "not_valid_before"
#define KC_ATTR_NOT_VALID_AFTER	     "not_valid_after"
#define KC_ATTR_KEY_CLASS	     "key_class"
#define KC_ATTR_APPLICATION_LABEL    "application_label"
#define KC_ATTR_APPLICATION_TAG	     "application_tag"
#define KC_ATTR_KEY_TYPE	     "key_type"
#define KC_ATTR_KEY_SIZE_IN_BITS     "key_size_in_bits"
#define KC_ATTR_EFFECTIVE_KEY_SIZE   "effective_key_size"
#define KC_ATTR_IS_PERMANENT	     "is_permanent"
#define KC_ATTR_IS_SENSITIVE	     "is_sensitive"
#define KC_ATTR_IS_EXTRACTABLE	     "is_extractable"
#define KC_ATTR_CAN_ENCRYPT	     "can_encrypt"
#define KC_ATTR_CAN_DECRYPT	     "can_decrypt"
#define KC_ATTR_CAN_DERIVE	     "can_derive"
#define KC_ATTR_CAN_SIGN	     "can_sign"
#define KC_ATTR_CAN_VERIFY	     "can_verify"
#define KC_ATTR_CAN_WRAP	     "can_wrap"
#define KC_ATTR_CAN_UNWRAP	     "can_unwrap"

/* Values of KC_ATTR_KEY_CLASS and KC_ATTR_KEY_TYPE. */
#define KC_KEY_CLASS_PUBLIC	 "public"
#define KC_KEY_CLASS_PRIVATE	 "private"
#define KC_KEY_CLASS_SYMMETRIC	 "symmetric"
#define KC_KEY_TYPE_NAME_RSA	 "rsa"
#define KC_KEY_TYPE_NAME_EC	 "ec"
#define KC_KEY_TYPE_NAME_ED25519 "ed25519"
#define KC_KEY_TYPE_NAME_X25519	 "x25519"
#define KC_KEY_TYPE_NAME_AES	 "aes"

/* Which of the matching items; KC_MATCH_LIMIT is a number or one of its two texts. */
#define KC_MATCH_LIMIT			  "match_limit"
#define KC_MATCH_LIMIT_ONE		  "one"
#define KC_MATCH_LIMIT_ALL		  "all"
#define KC_MATCH_ISSUERS		  "match_issuers"
#define KC_MATCH_POLICY			  "match_policy"
#define KC_MATCH_VALID_ON_DATE		  "match_valid_on_date"
#define KC_MATCH_TRUSTED_ONLY		  "match_trusted_only"
#define KC_MATCH_EMAIL_ADDRESS_IF_PRESENT "match_email_address_if_present"
#define KC_MATCH_SUBJECT_CONTAINS	  "match_subject_contains"

/* What to return: flags. */
#define KC_RETURN_DATA		 "return_data"
#define KC_RETURN_ATTRIBUTES	 "return_attributes"
#define KC_RETURN_REF		 "return_ref"
#define KC_RETURN_PERSISTENT_REF "return_persistent_ref"

/* What came back, or which item is meant: data. */
#define KC_VALUE_DATA		"value_data"
#define KC_VALUE_REF		"value_ref"
#define KC_VALUE_PERSISTENT_REF "value_persistent_ref"

/* How to go about it. */
#define KC_USE_AUTHENTICATION_UI      "use_authentication_ui"
#define KC_USE_AUTHENTICATION_CONTEXT "use_authentication_context"
#define KC_USE_OPERATION_PROMPT	      "use_operation_prompt"
#define KC_USE_TOKEN_RAW_ITEMS	      "use_token_raw_items"

/* Common algorithms; every name of the catalogue may be given as text. */
#define KC_ALGORITHM_RSA_SIGNATURE_RAW			    "rsa_signature_raw"
#define KC_ALGORITHM_RSA_SIGNATURE_DIGEST_PKCS1V15_SHA256   "rsa_signature_digest_pkcs1v15_sha256"
#define KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PKCS1V15_SHA256  "rsa_signature_message_pkcs1v15_sha256"
#define KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PKCS1V15_SHA384  "rsa_signature_message_pkcs1v15_sha384"
#define KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PKCS1V15_SHA512  "rsa_signature_message_pkcs1v15_sha512"
#define KC_ALGORITHM_RSA_SIGNATURE_DIGEST_PSS_SHA256	    "rsa_signature_digest_pss_sha256"
#define KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PSS_SHA256	    "rsa_signature_message_pss_sha256"
#define KC_ALGORITHM_ECDSA_SIGNATURE_DIGEST_X962_SHA256	    "ecdsa_signature_digest_x962_sha256"
#define KC_ALGORITHM_ECDSA_SIGNATURE_MESSAGE_X962_SHA256    "ecdsa_signature_message_x962_sha256"
#define KC_ALGORITHM_ECDSA_SIGNATURE_MESSAGE_X962_SHA384    "ecdsa_signature_message_x962_sha384"
#define KC_ALGORITHM_ECDSA_SIGNATURE_MESSAGE_X962_SHA512    "ecdsa_signature_message_x962_sha512"
#define KC_ALGORITHM_ECDSA_SIGNATURE_MESSAGE_RFC4754_SHA256 "ecdsa_signature_message_rfc4754_sha256"
#define KC_ALGORITHM_ECDSA_SIGNATURE_MESSAGE_RFC4754_SHA384 "ecdsa_signature_message_rfc4754_sha384"
#define KC_ALGORITHM_EDDSA_SIGNATURE_MESSAGE_ED25519	    "eddsa_signature_message_ed25519"
#define KC_ALGORITHM_RSA_ENCRYPTION_RAW			    "rsa_encryption_raw"
#define KC_ALGORITHM_RSA_ENCRYPTION_PKCS1		    "rsa_encryption_pkcs1"
#define KC_ALGORITHM_RSA_ENCRYPTION_OAEP_SHA1		    "rsa_encryption_oaep_sha1"
#define KC_ALGORITHM_RSA_ENCRYPTION_OAEP_SHA256		    "rsa_encryption_oaep_sha256"
#define KC_ALGORITHM_ECDH_KEY_EXCHANGE_STANDARD		    "ecdh_key_exchange_standard"
#define KC_ALGORITHM_ECDH_KEY_EXCHANGE_STANDARD_X963_SHA256 "ecdh_key_exchange_standard_x963_sha256"

#endif
