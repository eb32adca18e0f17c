// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

extension S3ErrorCode {
    /// The code as `<Code>` spells it.
    package var name: String { rawValue }

    /// The HTTP status it is answered with.
    package var status: Int { row.status }

    /// What `<Message>` says unless the place that failed knows better.
    package var defaultMessage: String { row.message }

    private var row: (status: Int, message: String) {
        switch self {
        case .accessDenied: (403, "Access Denied")
        case .accountProblem:
            (
                403,
                "There is a problem with your account that prevents the operation from completing "
                    + "successfully."
            )
        case .allAccessDisabled: (403, "All access to this resource has been disabled.")
        case .notSignedUp: (403, "Your account is not signed up for the service.")
        case .authorizationHeaderMalformed: (400, "The authorization header that you provided is not valid.")
        case .authorizationQueryParametersError:
            (
                400,
                "The authorization query parameters that you provided are not valid."
            )
        case .credentialsNotSupported: (400, "This request does not support credentials.")
        case .expiredToken: (400, "The provided token has expired.")
        case .invalidToken: (400, "The provided token is malformed or otherwise invalid.")
        case .tokenRefreshRequired: (400, "The provided token must be refreshed.")
        case .invalidAccessKeyId: (403, "The AWS Access Key Id you provided does not exist in our records.")
        case .invalidSecurity: (403, "The provided security credentials are not valid.")
        case .invalidPayer: (403, "All access to this object has been disabled.")
        case .unauthorizedAccess: (401, "The request is not authorized.")
        case .signatureDoesNotMatch:
            (
                403,
                "The request signature we calculated does not match the signature you provided. Check your "
                    + "key and signing method."
            )
        case .requestTimeTooSkewed: (403, "The difference between the request time and the current time is too large.")
        case .requestExpired: (400, "Request has expired.")
        case .missingSecurityHeader: (400, "Your request was missing a required header.")
        case .missingSecurityElement: (400, "The SOAP 1.1 request is missing a security element.")
        case .missingAuthenticationToken:
            (
                403,
                "The request must contain either a valid AWS access key ID or X.509 certificate."
            )
        case .xAmzContentSHA256Mismatch:
            (
                400,
                "The provided 'x-amz-content-sha256' header does not match what was computed."
            )
        case .badDigest:
            (
                400,
                "The Content-MD5 or checksum value that you specified did not match what the server "
                    + "received."
            )
        case .invalidDigest: (400, "The Content-MD5 you specified was invalid.")
        case .badRequest: (400, "Bad Request")
        case .invalidRequest: (400, "Invalid Request")
        case .invalidArgument: (400, "Invalid Argument")
        case .invalidURI: (400, "Couldn't parse the specified URI.")
        case .requestIsNotMultiPartContent: (400, "Bucket POST must be of the enclosure-type multipart/form-data.")
        case .malformedPOSTRequest: (400, "The body of your POST request is not well-formed multipart/form-data.")
        case .maxPostPreDataLengthExceededError:
            (
                400,
                "Your POST request fields preceding the upload file were too large."
            )
        case .invalidPolicyDocument:
            (
                400,
                "The content of the form does not meet the conditions specified in the policy document."
            )
        case .malformedXML:
            (
                400,
                "The XML you provided was not well-formed or did not validate against our published schema"
            )
        case .malformedACLError:
            (
                400,
                "The XML you provided was not well-formed or did not validate against our published schema"
            )
        case .malformedPolicy: (400, "Policies must be valid JSON and the first byte must be '{'")
        case .malformedTrailerError:
            (
                400,
                "The request contained trailing data that was not well-formed or did not conform to our "
                    + "published schema."
            )
        case .invalidChunkSizeError: (400, "Only the last chunk is allowed to have a size less than 8192 bytes")
        case .missingRequestBodyError: (400, "Request Body is empty")
        case .emptyRequestBody: (400, "Request body cannot be empty.")
        case .missingContentLength: (411, "You must provide the Content-Length HTTP header.")
        case .missingContentMD5: (400, "Missing required header for this request: Content-Md5.")
        case .incompleteBody:
            (
                400,
                "You did not provide the number of bytes specified by the Content-Length HTTP header"
            )
        case .unexpectedContent: (400, "This request does not support content")
        case .entityTooLarge: (400, "Your proposed upload exceeds the maximum allowed size")
        case .entityTooSmall: (400, "Your proposed upload is smaller than the minimum allowed size")
        case .keyTooLongError: (400, "Your key is too long")
        case .metadataTooLarge: (400, "Your metadata headers exceed the maximum allowed metadata size")
        case .maxMessageLengthExceeded: (400, "Your request was too big.")
        case .requestHeaderSectionTooLarge:
            (
                400,
                "Your request header section exceeds the maximum allowed request header section size."
            )
        case .methodNotAllowed: (405, "The specified method is not allowed against this resource.")
        case .notImplemented: (501, "A header you provided implies functionality that is not implemented.")
        case .userKeyMustBeSpecified:
            (
                400,
                "The bucket POST must contain the specified field name. If it is specified, check the "
                    + "order of the fields."
            )
        case .invalidFieldsInPost: (400, "The bucket POST must contain the specified fields.")
        case .requestTimeout:
            (
                400,
                "Your socket connection to the server was not read from or written to within the timeout "
                    + "period. Idle connections will be closed."
            )
        case .noSuchBucket: (404, "The specified bucket does not exist")
        case .bucketAlreadyExists:
            (
                409,
                "The requested bucket name is not available. The bucket namespace is shared by all users "
                    + "of the system. Please select a different name and try again."
            )
        case .bucketAlreadyOwnedByYou:
            (
                409,
                "Your previous request to create the named bucket succeeded and you already own it."
            )
        case .bucketNotEmpty: (409, "The bucket you tried to delete is not empty")
        case .invalidBucketName: (400, "The specified bucket is not valid.")
        case .invalidBucketState: (409, "The request is not valid for the current state of the bucket.")
        case .invalidLocationConstraint: (400, "The specified location constraint is not valid")
        case .illegalLocationConstraintException:
            (
                400,
                "The unspecified location constraint is incompatible for the region specific endpoint this "
                    + "request was sent to."
            )
        case .illegalVersioningConfigurationException:
            (
                400,
                "The versioning configuration specified in the request is not valid."
            )
        case .tooManyBuckets: (400, "You have attempted to create more buckets than allowed")
        case .operationAborted:
            (
                409,
                "A conflicting conditional operation is currently in progress against this resource. "
                    + "Please try again."
            )
        case .invalidBucketAclWithObjectOwnership:
            (
                400,
                "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
            )
        case .accessControlListNotSupported: (400, "The bucket does not allow ACLs")
        case .invalidBucketOwnerAWSAccountID:
            (
                400,
                "The value of the expected bucket owner parameter must be an AWS account ID."
            )
        case .permanentRedirect:
            (
                301,
                "The bucket you are attempting to access must be addressed using the specified endpoint. "
                    + "Please send all future requests to this endpoint."
            )
        case .temporaryRedirect:
            (
                307,
                "Please re-send this request to the specified temporary endpoint. Continue to use the "
                    + "original request endpoint for future requests."
            )
        case .redirect: (307, "Temporary redirect.")
        case .noSuchBucketPolicy: (404, "The bucket policy does not exist")
        case .noSuchCORSConfiguration: (404, "The CORS configuration does not exist")
        case .noSuchLifecycleConfiguration: (404, "The lifecycle configuration does not exist")
        case .noSuchTagSet: (404, "The TagSet does not exist")
        case .noSuchWebsiteConfiguration: (404, "The specified bucket does not have a website configuration")
        case .noSuchPublicAccessBlockConfiguration: (404, "The public access block configuration was not found")
        case .ownershipControlsNotFoundError: (404, "The bucket ownership controls were not found")
        case .objectLockConfigurationNotFoundError: (404, "Object Lock configuration does not exist for this bucket")
        case .replicationConfigurationNotFoundError: (404, "The replication configuration was not found")
        case .serverSideEncryptionConfigurationNotFoundError:
            (
                404,
                "The server side encryption configuration was not found"
            )
        case .noSuchConfiguration: (404, "The specified configuration does not exist.")
        case .accessForbidden:
            (
                403,
                "CORSResponse: This CORS request is not allowed. This is usually because the evalution of "
                    + "Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers "
                    + "are not whitelisted by the resource's CORS spec."
            )
        case .policyTooLarge: (400, "The policy exceeds the maximum allowed document size.")
        case .tooManyConfigurations:
            (
                400,
                "You are attempting to create a new configuration but have already reached the "
                    + "configuration limit."
            )
        case .invalidPolicy: (400, "The policy is not valid.")
        case .invalidLifecycleWithObjectLock:
            (
                400,
                "The lifecycle configuration conflicts with the bucket's Object Lock configuration."
            )
        case .invalidRetentionPeriod: (400, "The retention period is not valid.")
        case .quotaExceeded: (403, "The bucket's quota would be exceeded.")
        case .insufficientStorage: (507, "There is not enough space to complete the operation.")
        case .invalidTargetBucketForLogging:
            (
                400,
                "The target bucket for logging does not exist, is not owned by you, or does not have the "
                    + "appropriate grants for the log-delivery group."
            )
        case .unsupportedNotification: (400, "The notification configuration is not supported.")
        case .arnNotification: (400, "The notification's ARN is not valid.")
        case .lambdaARNInvalid: (400, "The function's ARN is not valid.")
        case .lambdaARNNotFound: (404, "The function's ARN was not found.")
        case .remoteDestinationNotFoundError: (404, "The remote destination bucket does not exist.")
        case .remoteTargetNotVersionedError: (400, "The remote target does not have versioning enabled.")
        case .replicationSourceNotVersionedError: (400, "The replication source does not have versioning enabled.")
        case .replicationDestinationMissingLockError:
            (
                400,
                "The replication destination bucket does not have Object Lock enabled."
            )
        case .replicationPermissionCheck: (400, "The permissions for replication could not be checked.")
        case .noSuchKey: (404, "The specified key does not exist.")
        case .noSuchVersion: (404, "The specified version does not exist.")
        case .noSuchUpload:
            (
                404,
                "The specified upload does not exist. The upload ID may be invalid, or the upload may have "
                    + "been aborted or completed."
            )
        case .noSuchObjectLockConfiguration: (404, "The specified object does not have a ObjectLock configuration")
        case .noSuchAnnotation: (404, "The specified annotation does not exist.")
        case .annotationLimitExceeded: (400, "The object has too many annotations.")
        case .annotationNameTooLong: (400, "The annotation's name is too long.")
        case .invalidAnnotationName: (400, "The annotation's name is not valid.")
        case .invalidPrefix: (400, "The prefix is not valid.")
        case .unsupportedMediaType: (415, "The media type is not supported.")
        case .preconditionFailed: (412, "At least one of the pre-conditions you specified did not hold")
        case .conditionalRequestConflict:
            (
                409,
                "The conditional request cannot succeed due to a conflicting operation against this "
                    + "resource."
            )
        case .notModified: (304, "Not Modified")
        case .invalidRange: (416, "The requested range is not satisfiable")
        case .invalidPartNumber: (416, "The requested partnumber is not satisfiable")
        case .invalidPart:
            (
                400,
                "One or more of the specified parts could not be found. The part may not have been "
                    + "uploaded, or the specified entity tag may not match the part's entity tag."
            )
        case .invalidPartOrder:
            (
                400,
                "The list of parts was not in ascending order. Parts must be ordered by part number."
            )
        case .invalidObjectState: (403, "The operation is not valid for the object's storage class")
        case .restoreAlreadyInProgress: (409, "Object restore is already in progress")
        case .objectAlreadyInActiveTierError:
            (
                403,
                "Restoration is not allowed, since object's storage class is not archived."
            )
        case .objectNotInActiveTierError: (403, "The source object of the operation is not in an active tier.")
        case .glacierExpeditedRetrievalNotAvailable:
            (
                503,
                "Glacier expedited retrievals are currently not available, please try again later"
            )
        case .invalidStorageClass: (400, "The storage class you specified is not valid")
        case .invalidTag: (400, "The tag provided was not a valid tag.")
        case .invalidWriteOffset:
            (
                400,
                "The write offset value that you specified does not match the current object size."
            )
        case .tooManyParts:
            (
                400,
                "You have attempted to add more parts than the maximum number of parts allowed for this "
                    + "object."
            )
        case .encryptionTypeMismatch: (400, "The existing object was created with a different encryption type.")
        case .idempotencyParameterMismatch:
            (
                400,
                "The parameters of the request do not match those of an earlier request with the same "
                    + "token."
            )
        case .invalidRedirectLocation: (400, "The website redirect location must be non-empty.")
        case .invalidEncryptionAlgorithmError:
            (
                400,
                "The encryption request you specified is not valid. The valid value is AES256."
            )
        case .invalidSSECustomerAlgorithm:
            (
                400,
                "Requests specifying Server Side Encryption with Customer provided keys must provide a "
                    + "valid encryption algorithm."
            )
        case .kmsNotFoundException: (400, "The key was not found.")
        case .kmsDisabledException: (400, "The key is disabled.")
        case .kmsInvalidStateException: (400, "The key is in a state in which it cannot be used.")
        case .kmsKMSInvalidStateException: (400, "The key is in a state in which it cannot be used.")
        case .kmsDefaultKeyAlreadyConfiguredException: (409, "A default key is configured already.")
        case .unresolvableGrantByEmailAddress:
            (
                400,
                "The e-mail address you provided does not match any account on record"
            )
        case .ambiguousGrantByEmailAddress:
            (
                400,
                "The e-mail address you provided is associated with more than one account."
            )
        case .invalidAddressingHeader: (400, "You must specify the Anonymous role.")
        case .internalError: (500, "We encountered an internal error. Please try again.")
        case .serviceUnavailable: (503, "Service is unable to handle request.")
        case .slowDown: (503, "Please reduce your request rate.")
        case .serverBusy: (503, "The service is unavailable. Try again later.")
        case .busy: (503, "The service is unavailable. Try again later.")
        case .incompleteSignature: (400, "The request signature does not conform to AWS standards.")
        case .invalidClientTokenId: (403, "The security token included in the request is invalid.")
        case .missingAction: (400, "The request is missing an action or a required parameter.")
        case .invalidAction: (400, "The action or operation requested is invalid.")
        case .throttling: (400, "The request was denied due to request throttling.")
        case .invalidParameterValue: (400, "An invalid or out-of-range value was supplied for the input parameter.")
        case .missingParameter: (400, "A required parameter for the specified action is not supplied.")
        case .optInRequired: (403, "The access key ID needs a subscription for the service.")
        case .invalidExpressionType, .invalidCompressionFormat, .invalidFileHeaderInfo, .invalidJsonType,
            .invalidQuoteFields, .invalidRequestParameter, .invalidDataType, .invalidTextEncoding, .invalidDataSource,
            .invalidTableAlias, .invalidColumnIndex, .invalidKeyPath, .invalidCast, .missingRequiredParameter,
            .missingHeaders, .expressionTooLong, .objectSerializationConflict, .unsupportedFunction,
            .unsupportedSqlOperation, .unsupportedSqlStructure, .unsupportedSyntax, .unsupportedRangeHeader,
            .lexerInvalidChar, .lexerInvalidOperator, .lexerInvalidLiteral, .lexerInvalidIONLiteral,
            .illegalSqlFunctionArgument, .incorrectSqlFunctionArgumentType, .integerOverflow, .likeInvalidInputs,
            .castFailed, .valueParseFailure, .evaluatorInvalidArguments, .evaluatorInvalidTimestampFormatPattern,
            .evaluatorInvalidTimestampFormatPatternSymbol, .evaluatorInvalidTimestampFormatPatternSymbolForParsing,
            .evaluatorInvalidTimestampFormatPatternToken, .evaluatorTimestampFormatPatternDuplicateFields,
            .evaluatorUnterminatedTimestampFormatPatternToken, .evaluatorBindingDoesNotExist, .parseExpectedKeyword,
            .parseExpectedTokenType, .parseExpected2TokenTypes, .parseExpectedNumber, .parseExpectedDatePart,
            .parseExpectedTypeName, .parseExpectedExpression, .parseExpectedMember, .parseExpectedIdentForAlias,
            .parseExpectedIdentForAt, .parseExpectedIdentForGroupName, .parseExpectedArgumentDelimiter,
            .parseExpectedLeftParenAfterCast, .parseExpectedLeftParenValueConstructor,
            .parseExpectedLeftParenBuiltinFunctionCall, .parseExpectedRightParenBuiltinFunctionCall,
            .parseExpectedWhenClause, .parseUnsupportedToken, .parseUnsupportedLiteralsGroupBy,
            .parseUnsupportedSelect, .parseUnsupportedCase, .parseUnsupportedCaseClause, .parseUnsupportedAlias,
            .parseUnsupportedSyntax, .parseUnsupportedCallWithStar, .parseUnexpectedToken, .parseUnexpectedKeyword,
            .parseUnexpectedOperator, .parseUnexpectedTerm, .parseUnknownOperator, .parseInvalidTypeParam,
            .parseInvalidContextForWildcardInSelectList, .parseSelectMissingFrom, .parseMissingIdentAfterAt,
            .parseMalformedJoin, .parseEmptySelect, .parseCastArity, .parseNonUnaryAggregateFunctionCall,
            .parseAsteriskIsNotAloneInSelectList, .parseCannotMixSqbAndWildcardInSelectList:
            (400, "The SQL expression or its input is not valid.")
        }
    }
}
