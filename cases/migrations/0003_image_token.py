from django.db import migrations, models

import cases.models


def give_tokens(apps, schema_editor):
    """Each image of before its own; the files keep their names."""
    Image = apps.get_model("cases", "Image")
    images = []
    for image in Image.objects.only("pk").iterator(chunk_size=1000):
        image.token = cases.models.new_token()
        images.append(image)
        if len(images) == 1000:
            Image.objects.bulk_update(images, ["token"])
            images.clear()
    Image.objects.bulk_update(images, ["token"])


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0002_region_shapes_and_device_positions"),
    ]

    operations = [
        migrations.AddField(
            model_name="image",
            name="token",
            field=models.CharField(
                db_default="-",
                default=cases.models.new_token,
                editable=False,
                help_text="Random, new with other pixels: part of addresses, says nothing of the source",
                max_length=16,
            ),
        ),
        migrations.RunPython(give_tokens, migrations.RunPython.noop),
    ]
