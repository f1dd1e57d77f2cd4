import json, os, unittest, urllib.request
import boto3

AWS = os.environ["AWS_ENDPOINT_URL"]
sqs = boto3.client("sqs", endpoint_url=AWS)  # not needed from boto3 1.28 on, which reads the variable


def control(method, path, **body):
    """Call the control API of the embedded AWS: clock, faults, reset."""
    request = urllib.request.Request(
        f"{AWS}/_reliableq/{path}", method=method, data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Authorization": "Bearer " + os.environ["RELIABLEQ_CONTROL_TOKEN"]})
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def consume(queue):
    """Your code: receive messages, and delete those that were processed."""
    done = []
    for m in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
        if m["Body"] != "bad":
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=m["ReceiptHandle"])
            done.append(m["Body"])
    return done


class TestConsumer(unittest.TestCase):
    def setUp(self):
        control("POST", "reset")  # remove what earlier tests left
        control("DELETE", "faults")
        self.dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self.dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})
        self.work = sqs.create_queue(
            QueueName="work", Attributes={"VisibilityTimeout": "3600", "RedrivePolicy": policy})["QueueUrl"]

    def bodies(self, queue):
        return [m["Body"] for m in sqs.receive_message(QueueUrl=queue).get("Messages", [])]

    def test_a_bad_message_is_dead_lettered_after_three_hours(self):
        for body in ("good", "bad"):
            sqs.send_message(QueueUrl=self.work, MessageBody=body)
        done = []
        for _ in range(4):
            done += consume(self.work)
            control("POST", "clock/advance", duration="1h")
        self.assertEqual(done, ["good"])
        self.assertEqual(self.bodies(self.dead), ["bad"])

    def test_a_delete_takes_effect_even_if_its_response_is_lost(self):
        control("POST", "faults", kind="lose-reply", operation="DeleteMessage", count=1)
        sqs.send_message(QueueUrl=self.work, MessageBody="good")
        self.assertEqual(consume(self.work), ["good"])  # boto3 has retried
        self.assertEqual(control("GET", "faults")["faults"][0]["struck"], 1)
        control("POST", "clock/advance", duration="5h")
        self.assertEqual(self.bodies(self.work) + self.bodies(self.dead), [])
