import json


def handler(event, context):
    """Process orders, and report each failed one."""
    failed = []
    for record in event["Records"]:
        try:
            order = json.loads(record["body"])
            print(f"order {order['order']} of store {order['store']} is done", flush=True)
        except (ValueError, KeyError) as error:
            print(f"{record['messageId']} failed: {error!r}", flush=True)
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
