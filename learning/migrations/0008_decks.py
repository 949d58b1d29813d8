from datetime import timedelta

import django.db.models.deletion
from django.db import migrations, models

LASTS = timedelta(days=7)
SLACK = timedelta(minutes=1)


def mark_decks(apps, schema_editor):
    """Decks until now were told by title; they close a week after they were begun, to the second."""
    Series = apps.get_model("attempts", "Series")
    Deck = apps.get_model("learning", "Deck")
    named = models.Q(title="My mistakes, on other films") | models.Q(title__startswith="Practice: ")
    rows = Series.objects.filter(named, is_assigned=True, closes_at__isnull=False)
    Deck.objects.bulk_create(
        Deck(series_id=key)
        for key, started, closes in rows.values_list("pk", "started_at", "closes_at")
        if abs(started + LASTS - closes) < SLACK
    )


class Migration(migrations.Migration):

    dependencies = [
        ('attempts', '0004_scored_again_by_truth'),
        ('learning', '0007_two_films'),
    ]

    operations = [
        migrations.CreateModel(
            name='Deck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('series', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='deck', to='attempts.series')),
            ],
        ),
        migrations.RunPython(mark_decks, migrations.RunPython.noop),
    ]
