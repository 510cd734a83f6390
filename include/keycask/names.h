/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYCASK_NAMES_H
#define KEYCASK_NAMES_H

/*
 * The names that dictionaries are written with. A constant is the name on the wire and in the
 * CLI's JSON, in upper case and with a prefix: KC_ATTR_TOKEN_ID is "token_id". Names that are not
 * listed here may be given as text.
 *
 * Stable since 1.0; there will be more.
 */

/* Item classes: the value of KC_CLASS. */
#define KC_CLASS		   "class"
#define KC_CLASS_GENERIC_PASSWORD  "generic_password"
#define KC_CLASS_INTERNET_PASSWORD "internet_password"
#define KC_CLASS_CERTIFICATE	   "certificate"
#define KC_CLASS_KEY		   "key"
#define KC_CLASS_IDENTITY	   "identity"

/* Attributes: text, number, flag, data or date as each name says in docs/vocabulary.md. */
#define KC_ATTR_ACCESS_GROUP	      "access_group"
#define KC_ATTR_LABEL		      "label"
#define KC_ATTR_ACCESSIBLE	      "accessible"
#define KC_ATTR_ACCESS_CONTROL	      "access_control"
#define KC_ATTR_CREATION_DATE	      "creation_date"
#define KC_ATTR_MODIFICATION_DATE     "modification_date"
#define KC_ATTR_TOKEN_ID	      "token_id"
#define KC_ATTR_SYNCHRONIZABLE	      "synchronizable"
#define KC_ATTR_ACCOUNT		      "account"
#define KC_ATTR_SERVICE		      "service"
#define KC_ATTR_GENERIC		      "generic"
#define KC_ATTR_DESCRIPTION	      "description"
#define KC_ATTR_COMMENT		      "comment"
#define KC_ATTR_CREATOR		      "creator"
#define KC_ATTR_TYPE		      "type"
#define KC_ATTR_IS_INVISIBLE	      "is_invisible"
#define KC_ATTR_IS_NEGATIVE	      "is_negative"
#define KC_ATTR_SCRIPT_CODE	      "script_code"
#define KC_ATTR_HAS_CUSTOM_ICON	      "has_custom_icon"
#define KC_ATTR_PROTECTED_DATA	      "protected_data"
#define KC_ATTR_ALIAS		      "alias"
#define KC_ATTR_SECURITY_DOMAIN	      "security_domain"
#define KC_ATTR_SERVER		      "server"
#define KC_ATTR_PROTOCOL	      "protocol"
#define KC_ATTR_AUTHENTICATION_TYPE   "authentication_type"
#define KC_ATTR_PORT		      "port"
#define KC_ATTR_PATH		      "path"
#define KC_ATTR_CERTIFICATE_TYPE      "certificate_type"
#define KC_ATTR_CERTIFICATE_ENCODING  "certificate_encoding"
#define KC_ATTR_SUBJECT		      "subject"
#define KC_ATTR_ISSUER		      "issuer"
#define KC_ATTR_SERIAL_NUMBER	      "serial_number"
#define KC_ATTR_SUBJECT_KEY_ID	      "subject_key_id"
#define KC_ATTR_PUBLIC_KEY_HASH	      "public_key_hash"
#define KC_ATTR_NOT_VALID_BEFORE      "not_valid_before"
#define KC_ATTR_NOT_VALID_AFTER	      "not_valid_after"
#define KC_ATTR_KEY_CLASS	      "key_class"
#define KC_ATTR_APPLICATION_LABEL     "application_label"
#define KC_ATTR_APPLICATION_TAG	      "application_tag"
#define KC_ATTR_KEY_TYPE	      "key_type"
#define KC_ATTR_KEY_CREATOR	      "key_creator"
#define KC_ATTR_KEY_SIZE_IN_BITS      "key_size_in_bits"
#define KC_ATTR_EFFECTIVE_KEY_SIZE    "effective_key_size"
#define KC_ATTR_START_DATE	      "start_date"
#define KC_ATTR_END_DATE	      "end_date"
#define KC_ATTR_IS_PERMANENT	      "is_permanent"
#define KC_ATTR_IS_PRIVATE	      "is_private"
#define KC_ATTR_IS_MODIFIABLE	      "is_modifiable"
#define KC_ATTR_IS_SENSITIVE	      "is_sensitive"
#define KC_ATTR_WAS_ALWAYS_SENSITIVE  "was_always_sensitive"
#define KC_ATTR_IS_EXTRACTABLE	      "is_extractable"
#define KC_ATTR_WAS_NEVER_EXTRACTABLE "was_never_extractable"
#define KC_ATTR_CAN_ENCRYPT	      "can_encrypt"
#define KC_ATTR_CAN_DECRYPT	      "can_decrypt"
#define KC_ATTR_CAN_DERIVE	      "can_derive"
#define KC_ATTR_CAN_SIGN	      "can_sign"
#define KC_ATTR_CAN_VERIFY	      "can_verify"
#define KC_ATTR_CAN_WRAP	      "can_wrap"
#define KC_ATTR_CAN_UNWRAP	      "can_unwrap"
#define KC_ATTR_CAN_SIGN_RECOVER      "can_sign_recover"
#define KC_ATTR_CAN_VERIFY_RECOVER    "can_verify_recover"

/* What kc_key_create() takes besides: dictionaries of one half, and how a token makes the key. */
#define KC_PRIVATE_KEY_ATTRIBUTES "private_key_attributes"
#define KC_PUBLIC_KEY_ATTRIBUTES  "public_key_attributes"
#define KC_TOKEN_OBJECT		  "token_object"
#define KC_MAY_REPLACE		  "may_replace"

/* Values of KC_ATTR_KEY_CLASS and KC_ATTR_KEY_TYPE. */
#define KC_KEY_CLASS_PUBLIC	 "public"
#define KC_KEY_CLASS_PRIVATE	 "private"
#define KC_KEY_CLASS_SYMMETRIC	 "symmetric"
#define KC_KEY_TYPE_NAME_RSA	 "rsa"
#define KC_KEY_TYPE_NAME_EC	 "ec"
#define KC_KEY_TYPE_NAME_ED25519 "ed25519"
#define KC_KEY_TYPE_NAME_X25519	 "x25519"
#define KC_KEY_TYPE_NAME_ED448	 "ed448"
#define KC_KEY_TYPE_NAME_X448	 "x448"
#define KC_KEY_TYPE_NAME_AES	 "aes"

/*
 * Values of KC_ATTR_ACCESSIBLE: when an item can be read. Those of this device only stay out of
 * backups; the last one is gone when the keychain has no password any more.
 */
#define KC_ACCESSIBLE_WHEN_UNLOCKED			  "when_unlocked"
#define KC_ACCESSIBLE_AFTER_FIRST_UNLOCK		  "after_first_unlock"
#define KC_ACCESSIBLE_ALWAYS				  "always"
#define KC_ACCESSIBLE_WHEN_UNLOCKED_THIS_DEVICE_ONLY	  "when_unlocked_this_device_only"
#define KC_ACCESSIBLE_AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY "after_first_unlock_this_device_only"
#define KC_ACCESSIBLE_ALWAYS_THIS_DEVICE_ONLY		  "always_this_device_only"
#define KC_ACCESSIBLE_WHEN_PASSCODE_SET_THIS_DEVICE_ONLY  "when_passcode_set_this_device_only"

/* KC_ATTR_ACCESS_CONTROL of a software item is a dictionary of these; its flags are texts. */
#define KC_ACCESS_CONTROL_ACCESSIBLE "accessible"
#define KC_ACCESS_CONTROL_FLAGS	     "flags"

#define KC_ACCESS_CONTROL_USER_PRESENCE	       "user_presence"
#define KC_ACCESS_CONTROL_BIOMETRY_ANY	       "biometry_any"
#define KC_ACCESS_CONTROL_BIOMETRY_CURRENT_SET "biometry_current_set"
#define KC_ACCESS_CONTROL_DEVICE_PASSCODE      "device_passcode"
#define KC_ACCESS_CONTROL_COMPANION	       "companion"
#define KC_ACCESS_CONTROL_OR		       "or"
#define KC_ACCESS_CONTROL_AND		       "and"
#define KC_ACCESS_CONTROL_PRIVATE_KEY_USAGE    "private_key_usage"
#define KC_ACCESS_CONTROL_APPLICATION_PASSWORD "application_password"

/* Common values of KC_ATTR_PROTOCOL, Apple's; any other text is as good. */
#define KC_PROTOCOL_FTP		"ftp"
#define KC_PROTOCOL_FTP_ACCOUNT "ftp_account"
#define KC_PROTOCOL_FTP_PROXY	"ftp_proxy"
#define KC_PROTOCOL_FTPS	"ftps"
#define KC_PROTOCOL_HTTP	"http"
#define KC_PROTOCOL_HTTP_PROXY	"http_proxy"
#define KC_PROTOCOL_HTTPS	"https"
#define KC_PROTOCOL_HTTPS_PROXY "https_proxy"
#define KC_PROTOCOL_IRC		"irc"
#define KC_PROTOCOL_IRCS	"ircs"
#define KC_PROTOCOL_NNTP	"nntp"
#define KC_PROTOCOL_NNTPS	"nntps"
#define KC_PROTOCOL_POP3	"pop3"
#define KC_PROTOCOL_POP3S	"pop3s"
#define KC_PROTOCOL_SMTP	"smtp"
#define KC_PROTOCOL_SOCKS	"socks"
#define KC_PROTOCOL_IMAP	"imap"
#define KC_PROTOCOL_IMAPS	"imaps"
#define KC_PROTOCOL_LDAP	"ldap"
#define KC_PROTOCOL_LDAPS	"ldaps"
#define KC_PROTOCOL_APPLE_TALK	"apple_talk"
#define KC_PROTOCOL_AFP		"afp"
#define KC_PROTOCOL_TELNET	"telnet"
#define KC_PROTOCOL_TELNETS	"telnets"
#define KC_PROTOCOL_SSH		"ssh"
#define KC_PROTOCOL_SMB		"smb"
#define KC_PROTOCOL_RTSP	"rtsp"
#define KC_PROTOCOL_RTSP_PROXY	"rtsp_proxy"
#define KC_PROTOCOL_DAAP	"daap"
#define KC_PROTOCOL_EPPC	"eppc"
#define KC_PROTOCOL_IPP		"ipp"

/* Common values of KC_ATTR_AUTHENTICATION_TYPE. */
#define KC_AUTHENTICATION_TYPE_NTLM	   "ntlm"
#define KC_AUTHENTICATION_TYPE_MSN	   "msn"
#define KC_AUTHENTICATION_TYPE_DPA	   "dpa"
#define KC_AUTHENTICATION_TYPE_RPA	   "rpa"
#define KC_AUTHENTICATION_TYPE_HTTP_BASIC  "http_basic"
#define KC_AUTHENTICATION_TYPE_HTTP_DIGEST "http_digest"
#define KC_AUTHENTICATION_TYPE_HTML_FORM   "html_form"
#define KC_AUTHENTICATION_TYPE_DEFAULT	   "default"

/* Which of the matching items; KC_MATCH_LIMIT is a number or one of its two texts. */
#define KC_MATCH_LIMIT			   "match_limit"
#define KC_MATCH_LIMIT_ONE		   "one"
#define KC_MATCH_LIMIT_ALL		   "all"
#define KC_MATCH_ISSUERS		   "match_issuers"
#define KC_MATCH_POLICY			   "match_policy"
#define KC_MATCH_VALID_ON_DATE		   "match_valid_on_date"
#define KC_MATCH_TRUSTED_ONLY		   "match_trusted_only"
#define KC_MATCH_EMAIL_ADDRESS_IF_PRESENT  "match_email_address_if_present"
#define KC_MATCH_HOST_OR_SUBDOMAIN_OF_HOST "match_host_or_subdomain_of_host"
#define KC_MATCH_SUBJECT_CONTAINS	   "match_subject_contains"
#define KC_MATCH_SUBJECT_STARTS_WITH	   "match_subject_starts_with"
#define KC_MATCH_SUBJECT_ENDS_WITH	   "match_subject_ends_with"
#define KC_MATCH_SUBJECT_WHOLE_STRING	   "match_subject_whole_string"
#define KC_MATCH_CASE_INSENSITIVE	   "match_case_insensitive"
#define KC_MATCH_DIACRITIC_INSENSITIVE	   "match_diacritic_insensitive"
#define KC_MATCH_WIDTH_INSENSITIVE	   "match_width_insensitive"
#define KC_MATCH_ITEM_LIST		   "match_item_list"
#define KC_MATCH_SEARCH_LIST		   "match_search_list"

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

/* Values of KC_USE_AUTHENTICATION_UI: ask a person; fail instead; leave out such items. */
#define KC_AUTHENTICATION_UI_ALLOW "allow"
#define KC_AUTHENTICATION_UI_FAIL  "fail"
#define KC_AUTHENTICATION_UI_SKIP  "skip"

/* Algorithms: all there are. docs/vocabulary.md has Apple's names of them. */

/* Signatures with RSA keys. DIGEST takes the hash, of just its length; MESSAGE hashes by itself. */
#define KC_ALGORITHM_RSA_SIGNATURE_RAW			   "rsa_signature_raw"
#define KC_ALGORITHM_RSA_SIGNATURE_DIGEST_PKCS1V15_RAW	   "rsa_signature_digest_pkcs1v15_raw"
#define KC_ALGORITHM_RSA_SIGNATURE_DIGEST_PKCS1V15_MD5	   "rsa_signature_digest_pkcs1v15_md5"
#define KC_ALGORITHM_RSA_SIGNATURE_DIGEST_PKCS1V15_SHA1	   "rsa_signature_digest_pkcs1v15_sha1"
#define KC_ALGORITHM_RSA_SIGNATURE_DIGEST_PKCS1V15_SHA224  "rsa_signature_digest_pkcs1v15_sha224"
#define KC_ALGORITHM_RSA_SIGNATURE_DIGEST_PKCS1V15_SHA256  "rsa_signature_digest_pkcs1v15_sha256"
#define KC_ALGORITHM_RSA_SIGNATURE_DIGEST_PKCS1V15_SHA384  "rsa_signature_digest_pkcs1v15_sha384"
#define KC_ALGORITHM_RSA_SIGNATURE_DIGEST_PKCS1V15_SHA512  "rsa_signature_digest_pkcs1v15_sha512"
#define KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PKCS1V15_MD5	   "rsa_signature_message_pkcs1v15_md5"
#define KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PKCS1V15_SHA1   "rsa_signature_message_pkcs1v15_sha1"
#define KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PKCS1V15_SHA224 "rsa_signature_message_pkcs1v15_sha224"
#define KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PKCS1V15_SHA256 "rsa_signature_message_pkcs1v15_sha256"
#define KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PKCS1V15_SHA384 "rsa_signature_message_pkcs1v15_sha384"
#define KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PKCS1V15_SHA512 "rsa_signature_message_pkcs1v15_sha512"
#define KC_ALGORITHM_RSA_SIGNATURE_DIGEST_PSS_SHA1	   "rsa_signature_digest_pss_sha1"
#define KC_ALGORITHM_RSA_SIGNATURE_DIGEST_PSS_SHA224	   "rsa_signature_digest_pss_sha224"
#define KC_ALGORITHM_RSA_SIGNATURE_DIGEST_PSS_SHA256	   "rsa_signature_digest_pss_sha256"
#define KC_ALGORITHM_RSA_SIGNATURE_DIGEST_PSS_SHA384	   "rsa_signature_digest_pss_sha384"
#define KC_ALGORITHM_RSA_SIGNATURE_DIGEST_PSS_SHA512	   "rsa_signature_digest_pss_sha512"
#define KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PSS_SHA1	   "rsa_signature_message_pss_sha1"
#define KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PSS_SHA224	   "rsa_signature_message_pss_sha224"
#define KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PSS_SHA256	   "rsa_signature_message_pss_sha256"
#define KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PSS_SHA384	   "rsa_signature_message_pss_sha384"
#define KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PSS_SHA512	   "rsa_signature_message_pss_sha512"

/* Signatures with EC keys: X962 is DER, RFC4754 is r and s side by side. */
#define KC_ALGORITHM_ECDSA_SIGNATURE_DIGEST_X962	    "ecdsa_signature_digest_x962"
#define KC_ALGORITHM_ECDSA_SIGNATURE_DIGEST_X962_SHA1	    "ecdsa_signature_digest_x962_sha1"
#define KC_ALGORITHM_ECDSA_SIGNATURE_DIGEST_X962_SHA224	    "ecdsa_signature_digest_x962_sha224"
#define KC_ALGORITHM_ECDSA_SIGNATURE_DIGEST_X962_SHA256	    "ecdsa_signature_digest_x962_sha256"
#define KC_ALGORITHM_ECDSA_SIGNATURE_DIGEST_X962_SHA384	    "ecdsa_signature_digest_x962_sha384"
#define KC_ALGORITHM_ECDSA_SIGNATURE_DIGEST_X962_SHA512	    "ecdsa_signature_digest_x962_sha512"
#define KC_ALGORITHM_ECDSA_SIGNATURE_MESSAGE_X962_SHA1	    "ecdsa_signature_message_x962_sha1"
#define KC_ALGORITHM_ECDSA_SIGNATURE_MESSAGE_X962_SHA224    "ecdsa_signature_message_x962_sha224"
#define KC_ALGORITHM_ECDSA_SIGNATURE_MESSAGE_X962_SHA256    "ecdsa_signature_message_x962_sha256"
#define KC_ALGORITHM_ECDSA_SIGNATURE_MESSAGE_X962_SHA384    "ecdsa_signature_message_x962_sha384"
#define KC_ALGORITHM_ECDSA_SIGNATURE_MESSAGE_X962_SHA512    "ecdsa_signature_message_x962_sha512"
#define KC_ALGORITHM_ECDSA_SIGNATURE_DIGEST_RFC4754	    "ecdsa_signature_digest_rfc4754"
#define KC_ALGORITHM_ECDSA_SIGNATURE_RFC4754		    "ecdsa_signature_rfc4754"
#define KC_ALGORITHM_ECDSA_SIGNATURE_DIGEST_RFC4754_SHA1    "ecdsa_signature_digest_rfc4754_sha1"
#define KC_ALGORITHM_ECDSA_SIGNATURE_DIGEST_RFC4754_SHA224  "ecdsa_signature_digest_rfc4754_sha224"
#define KC_ALGORITHM_ECDSA_SIGNATURE_DIGEST_RFC4754_SHA256  "ecdsa_signature_digest_rfc4754_sha256"
#define KC_ALGORITHM_ECDSA_SIGNATURE_DIGEST_RFC4754_SHA384  "ecdsa_signature_digest_rfc4754_sha384"
#define KC_ALGORITHM_ECDSA_SIGNATURE_DIGEST_RFC4754_SHA512  "ecdsa_signature_digest_rfc4754_sha512"
#define KC_ALGORITHM_ECDSA_SIGNATURE_MESSAGE_RFC4754_SHA1   "ecdsa_signature_message_rfc4754_sha1"
#define KC_ALGORITHM_ECDSA_SIGNATURE_MESSAGE_RFC4754_SHA224 "ecdsa_signature_message_rfc4754_sha224"
#define KC_ALGORITHM_ECDSA_SIGNATURE_MESSAGE_RFC4754_SHA256 "ecdsa_signature_message_rfc4754_sha256"
#define KC_ALGORITHM_ECDSA_SIGNATURE_MESSAGE_RFC4754_SHA384 "ecdsa_signature_message_rfc4754_sha384"
#define KC_ALGORITHM_ECDSA_SIGNATURE_MESSAGE_RFC4754_SHA512 "ecdsa_signature_message_rfc4754_sha512"

/* Signatures with Ed25519 and Ed448 keys. */
#define KC_ALGORITHM_EDDSA_SIGNATURE_MESSAGE_ED25519 "eddsa_signature_message_ed25519"
#define KC_ALGORITHM_EDDSA_SIGNATURE_MESSAGE_ED448   "eddsa_signature_message_ed448"

/* Encryption to RSA keys; AESGCM takes data of any length. */
#define KC_ALGORITHM_RSA_ENCRYPTION_RAW		       "rsa_encryption_raw"
#define KC_ALGORITHM_RSA_ENCRYPTION_PKCS1	       "rsa_encryption_pkcs1"
#define KC_ALGORITHM_RSA_ENCRYPTION_OAEP_SHA1	       "rsa_encryption_oaep_sha1"
#define KC_ALGORITHM_RSA_ENCRYPTION_OAEP_SHA224	       "rsa_encryption_oaep_sha224"
#define KC_ALGORITHM_RSA_ENCRYPTION_OAEP_SHA256	       "rsa_encryption_oaep_sha256"
#define KC_ALGORITHM_RSA_ENCRYPTION_OAEP_SHA384	       "rsa_encryption_oaep_sha384"
#define KC_ALGORITHM_RSA_ENCRYPTION_OAEP_SHA512	       "rsa_encryption_oaep_sha512"
#define KC_ALGORITHM_RSA_ENCRYPTION_OAEP_SHA1_AESGCM   "rsa_encryption_oaep_sha1_aesgcm"
#define KC_ALGORITHM_RSA_ENCRYPTION_OAEP_SHA224_AESGCM "rsa_encryption_oaep_sha224_aesgcm"
#define KC_ALGORITHM_RSA_ENCRYPTION_OAEP_SHA256_AESGCM "rsa_encryption_oaep_sha256_aesgcm"
#define KC_ALGORITHM_RSA_ENCRYPTION_OAEP_SHA384_AESGCM "rsa_encryption_oaep_sha384_aesgcm"
#define KC_ALGORITHM_RSA_ENCRYPTION_OAEP_SHA512_AESGCM "rsa_encryption_oaep_sha512_aesgcm"

/* Encryption to EC keys, of data of any length. */
#define KC_ALGORITHM_ECIES_ENCRYPTION_STANDARD_X963_SHA1_AESGCM                                    \
	"ecies_encryption_standard_x963_sha1_aesgcm"
#define KC_ALGORITHM_ECIES_ENCRYPTION_STANDARD_X963_SHA224_AESGCM                                  \
	"ecies_encryption_standard_x963_sha224_aesgcm"
#define KC_ALGORITHM_ECIES_ENCRYPTION_STANDARD_X963_SHA256_AESGCM                                  \
	"ecies_encryption_standard_x963_sha256_aesgcm"
#define KC_ALGORITHM_ECIES_ENCRYPTION_STANDARD_X963_SHA384_AESGCM                                  \
	"ecies_encryption_standard_x963_sha384_aesgcm"
#define KC_ALGORITHM_ECIES_ENCRYPTION_STANDARD_X963_SHA512_AESGCM                                  \
	"ecies_encryption_standard_x963_sha512_aesgcm"
#define KC_ALGORITHM_ECIES_ENCRYPTION_STANDARD_VARIABLE_IV_X963_SHA224_AESGCM                      \
	"ecies_encryption_standard_variable_iv_x963_sha224_aesgcm"
#define KC_ALGORITHM_ECIES_ENCRYPTION_STANDARD_VARIABLE_IV_X963_SHA256_AESGCM                      \
	"ecies_encryption_standard_variable_iv_x963_sha256_aesgcm"
#define KC_ALGORITHM_ECIES_ENCRYPTION_STANDARD_VARIABLE_IV_X963_SHA384_AESGCM                      \
	"ecies_encryption_standard_variable_iv_x963_sha384_aesgcm"
#define KC_ALGORITHM_ECIES_ENCRYPTION_STANDARD_VARIABLE_IV_X963_SHA512_AESGCM                      \
	"ecies_encryption_standard_variable_iv_x963_sha512_aesgcm"
#define KC_ALGORITHM_ECIES_ENCRYPTION_COFACTOR_X963_SHA1_AESGCM                                    \
	"ecies_encryption_cofactor_x963_sha1_aesgcm"
#define KC_ALGORITHM_ECIES_ENCRYPTION_COFACTOR_X963_SHA224_AESGCM                                  \
	"ecies_encryption_cofactor_x963_sha224_aesgcm"
#define KC_ALGORITHM_ECIES_ENCRYPTION_COFACTOR_X963_SHA256_AESGCM                                  \
	"ecies_encryption_cofactor_x963_sha256_aesgcm"
#define KC_ALGORITHM_ECIES_ENCRYPTION_COFACTOR_X963_SHA384_AESGCM                                  \
	"ecies_encryption_cofactor_x963_sha384_aesgcm"
#define KC_ALGORITHM_ECIES_ENCRYPTION_COFACTOR_X963_SHA512_AESGCM                                  \
	"ecies_encryption_cofactor_x963_sha512_aesgcm"
#define KC_ALGORITHM_ECIES_ENCRYPTION_COFACTOR_VARIABLE_IV_X963_SHA224_AESGCM                      \
	"ecies_encryption_cofactor_variable_iv_x963_sha224_aesgcm"
#define KC_ALGORITHM_ECIES_ENCRYPTION_COFACTOR_VARIABLE_IV_X963_SHA256_AESGCM                      \
	"ecies_encryption_cofactor_variable_iv_x963_sha256_aesgcm"
#define KC_ALGORITHM_ECIES_ENCRYPTION_COFACTOR_VARIABLE_IV_X963_SHA384_AESGCM                      \
	"ecies_encryption_cofactor_variable_iv_x963_sha384_aesgcm"
#define KC_ALGORITHM_ECIES_ENCRYPTION_COFACTOR_VARIABLE_IV_X963_SHA512_AESGCM                      \
	"ecies_encryption_cofactor_variable_iv_x963_sha512_aesgcm"

/* Key exchange of EC, X25519 and X448 keys; with X963 bytes are derived. */
#define KC_ALGORITHM_ECDH_KEY_EXCHANGE_STANDARD		    "ecdh_key_exchange_standard"
#define KC_ALGORITHM_ECDH_KEY_EXCHANGE_STANDARD_X963_SHA1   "ecdh_key_exchange_standard_x963_sha1"
#define KC_ALGORITHM_ECDH_KEY_EXCHANGE_STANDARD_X963_SHA224 "ecdh_key_exchange_standard_x963_sha224"
#define KC_ALGORITHM_ECDH_KEY_EXCHANGE_STANDARD_X963_SHA256 "ecdh_key_exchange_standard_x963_sha256"
#define KC_ALGORITHM_ECDH_KEY_EXCHANGE_STANDARD_X963_SHA384 "ecdh_key_exchange_standard_x963_sha384"
#define KC_ALGORITHM_ECDH_KEY_EXCHANGE_STANDARD_X963_SHA512 "ecdh_key_exchange_standard_x963_sha512"
#define KC_ALGORITHM_ECDH_KEY_EXCHANGE_COFACTOR		    "ecdh_key_exchange_cofactor"
#define KC_ALGORITHM_ECDH_KEY_EXCHANGE_COFACTOR_X963_SHA1   "ecdh_key_exchange_cofactor_x963_sha1"
#define KC_ALGORITHM_ECDH_KEY_EXCHANGE_COFACTOR_X963_SHA224 "ecdh_key_exchange_cofactor_x963_sha224"
#define KC_ALGORITHM_ECDH_KEY_EXCHANGE_COFACTOR_X963_SHA256 "ecdh_key_exchange_cofactor_x963_sha256"
#define KC_ALGORITHM_ECDH_KEY_EXCHANGE_COFACTOR_X963_SHA384 "ecdh_key_exchange_cofactor_x963_sha384"
#define KC_ALGORITHM_ECDH_KEY_EXCHANGE_COFACTOR_X963_SHA512 "ecdh_key_exchange_cofactor_x963_sha512"

/* What kc_key_is_algorithm_supported() is asked about. */
#define KC_OPERATION_SIGN     "sign"
#define KC_OPERATION_VERIFY   "verify"
#define KC_OPERATION_ENCRYPT  "encrypt"
#define KC_OPERATION_DECRYPT  "decrypt"
#define KC_OPERATION_EXCHANGE "exchange"

#endif
